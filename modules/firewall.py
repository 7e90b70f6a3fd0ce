"""Who may reach whom: every security group and rule of the project in one table."""

from typing import NamedTuple, TypedDict

from cdktf_cdktf_provider_aws.data_aws_ec2_managed_prefix_list import DataAwsEc2ManagedPrefixList
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from modules.accepted_findings import accept_findings

WORLD = "world"
"""Every IPv4 address."""
CLOUDFRONT = "cloudfront"
"""The addresses that CloudFront connects from."""


class Reach(NamedTuple):
    """``source`` may open connections to ``target`` on these TCP ports."""

    source: str
    target: str
    ports: tuple[int, ...]


MEMBERS = {
    "load-balancer": "The load balancer",
    "web": "Langfuse web tasks",
    "worker": "Langfuse worker tasks",
    "postgres": "The PostgreSQL database",
    "redis": "The Redis cache",
    "clickhouse": "ClickHouse inside the VPC",
}

REACHES = (
    Reach("load-balancer", "web", (3000,)),
    Reach("web", "postgres", (5432,)),
    Reach("worker", "postgres", (5432,)),
    Reach("web", "redis", (6379,)),
    Reach("worker", "redis", (6379,)),
    Reach("web", "clickhouse", (8123, 9000)),
    Reach("worker", "clickhouse", (8123, 9000)),
    # AWS's APIs, the image registry, single sign-on, model providers
    Reach("web", WORLD, (443,)),
    Reach("worker", WORLD, (443,)),
)
USERS_COME_DIRECTLY = (Reach(WORLD, "load-balancer", (80, 443)),)
# One port only: the prefix list counts as 55 of the 60 rules that a group may have.
USERS_COME_BY_CLOUDFRONT = (Reach(CLOUDFRONT, "load-balancer", (80,)),)
# The TLS ports of a ClickHouse on the internet: HTTP and native.
CLICKHOUSE_IS_ELSEWHERE = (
    Reach("web", WORLD, (8443, 9440)),
    Reach("worker", WORLD, (8443, 9440)),
)
# Its packages, its password, its metrics.
CLICKHOUSE_IS_HERE = (Reach("clickhouse", WORLD, (443,)),)


class Peer(TypedDict, total=False):
    """The other end of a rule, as the rule's argument."""

    referenced_security_group_id: str
    cidr_ipv4: str
    prefix_list_id: str


class Firewall(Construct):
    """One security group a member, and both ends of every row: egress at its source, ingress at its target.

    ``cloudfront`` lets CloudFront alone reach the load balancer, instead of the world.
    ``external_clickhouse`` lets web and worker out to a ClickHouse on the internet, instead of one here to AWS.
    ``ids`` maps each member's name to its group's id.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        vpc_id: str,
        cloudfront: bool,
        external_clickhouse: bool,
    ) -> None:
        super().__init__(scope, id_)
        groups = {
            member: SecurityGroup(
                self,
                member,
                name=f"{name}-{member}",
                description=description,
                vpc_id=vpc_id,
                tags={"Name": f"{name}-{member}"},
            )
            for member, description in MEMBERS.items()
        }
        if external_clickhouse:
            accept_findings(groups["clickhouse"], {"CKV2_AWS_5": "Waits for a switch of clickhouse.mode to ec2"})
        self.ids = {member: group.id for member, group in groups.items()}
        peers: dict[str, Peer] = {
            member: {"referenced_security_group_id": group_id} for member, group_id in self.ids.items()
        }
        peers[WORLD] = {"cidr_ipv4": "0.0.0.0/0"}
        if cloudfront:
            prefixes = DataAwsEc2ManagedPrefixList(
                self, "cloudfront", name="com.amazonaws.global.cloudfront.origin-facing"
            )
            peers[CLOUDFRONT] = {"prefix_list_id": prefixes.id}
        users = USERS_COME_BY_CLOUDFRONT if cloudfront else USERS_COME_DIRECTLY
        clickhouse = CLICKHOUSE_IS_ELSEWHERE if external_clickhouse else CLICKHOUSE_IS_HERE
        for reach in users + REACHES + clickhouse:
            for port in reach.ports:
                self._allow(reach, port, peers)

    def _allow(self, reach: Reach, port: int, peers: dict[str, Peer]) -> None:
        if reach.source in self.ids:
            VpcSecurityGroupEgressRule(
                self,
                f"{reach.source}-to-{reach.target}-{port}",
                security_group_id=self.ids[reach.source],
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"to {reach.target}",
                **peers[reach.target],
            )
        if reach.target in self.ids:
            rule = VpcSecurityGroupIngressRule(
                self,
                f"{reach.target}-from-{reach.source}-{port}",
                security_group_id=self.ids[reach.target],
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"from {reach.source}",
                **peers[reach.source],
            )
            if (reach.source, port) == (WORLD, 80):
                accept_findings(
                    rule,
                    {"CKV_AWS_260": "Redirects to HTTPS where the environment has a domain"},
                )
