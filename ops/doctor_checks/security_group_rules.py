"""What security groups allow, and how to make them allow more."""

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


def egress_remedy(environment: Environment, ports: set[int]) -> str:
    """How to open ports that web and worker may not connect to on the internet."""
    if ports <= set(environment.settings.open_egress_ports):
        return f"a rule was removed, or is not deployed yet: {environment.deploy_command}"
    wanted = sorted(ports.union(environment.settings.network.egress_ports))
    return f"set network.egress_ports = {wanted}, then {environment.deploy_command}"
