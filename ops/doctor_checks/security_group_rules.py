"""What security groups allow."""

from typing import Any

from ops.environment import Environment


def allows(environment: Environment, groups: set[str], port: int, *, peers: set[str], is_egress: bool) -> bool:
    """Whether a rule of one of ``groups`` allows the TCP port, for addresses or for one of the groups ``peers``."""
    filters: Any = [{"Name": "group-id", "Values": sorted(groups)}]
    pages = environment.session.client("ec2").get_paginator("describe_security_group_rules").paginate(Filters=filters)
    return any(
        rule["IsEgress"] == is_egress
        and rule["GroupId"] in groups
        and (rule["IpProtocol"] == "-1" or rule["FromPort"] <= port <= rule["ToPort"])
        and ("CidrIpv4" in rule or rule.get("ReferencedGroupInfo", {}).get("GroupId") in peers)
        for page in pages
        for rule in page["SecurityGroupRules"]
    )
