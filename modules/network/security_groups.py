"""Every security group of the project and every rule, as one table of who may connect to whom."""

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from cdktf_cdktf_provider_aws.data_aws_ec2_managed_prefix_list import DataAwsEc2ManagedPrefixList
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.langfuse import WEB_PORT
from settings import ports

WORLD = "world"
"""Every IPv4 address."""
WORLD_IPV6 = "world-ipv6"
"""Every IPv6 address."""
CLOUDFRONT = "cloudfront"
"""The addresses that CloudFront connects from."""
S3 = "s3"
"""The addresses of S3 in the Region."""


class Rule(NamedTuple):
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
ISOLATED_MEMBERS = {"endpoints": "The interface endpoints of AWS services"}

CLICKHOUSE_PORTS = (ports.CLICKHOUSE_HTTP, ports.CLICKHOUSE_NATIVE)

RULES = (
    Rule("load-balancer", "web", (WEB_PORT,)),
    Rule("web", "postgres", (ports.POSTGRES,)),
    Rule("worker", "postgres", (ports.POSTGRES,)),
    Rule("web", "redis", (ports.REDIS,)),
    Rule("worker", "redis", (ports.REDIS,)),
    Rule("web", "clickhouse", CLICKHOUSE_PORTS),
    Rule("worker", "clickhouse", CLICKHOUSE_PORTS),
)
USER_PORTS = (80, 443)
# One port only: AWS counts the prefix list as 55 of the 60 rules that a group may have.
USERS_OF_CLOUDFRONT = (Rule(CLOUDFRONT, "load-balancer", (80,)),)
# For its packages, its password and its metrics.
CLICKHOUSE_ON_EC2 = (Rule("clickhouse", WORLD, (ports.HTTPS,)),)
# The layers of images and the packages of Amazon Linux are in S3 too.
ISOLATED = tuple(Rule(member, target, (ports.HTTPS,)) for member in ("web", "worker") for target in ("endpoints", S3))
ISOLATED_CLICKHOUSE_ON_EC2 = tuple(Rule("clickhouse", target, (ports.HTTPS,)) for target in ("endpoints", S3))


class Peer(TypedDict, total=False):
    """The other end of a rule, as the rule's argument."""

    referenced_security_group_id: str
    cidr_ipv4: str
    cidr_ipv6: str
    prefix_list_id: str


class SecurityGroups(Construct):
    """A security group per member, and for each row of the table egress from its source and ingress to its target.

    ``ids`` maps each member's name to its group's id.

    Args:
        name: what the groups' names start with.
        vpc_id: the VPC that they are in.
        cloudfront: whether CloudFront alone may connect to the load balancer.
        allowed_cidrs: the IPv4 and IPv6 blocks that may connect to the load balancer, each once; with None, everyone.
        ipv6: whether the load balancer has IPv6 addresses too.
        external_clickhouse: whether ClickHouse is not in the VPC, so that nothing there needs to connect to AWS.
        egress_ports: the TCP ports that web and worker may connect to on the internet, each once: AWS refuses a rule
            that exists.
        isolated_in: the AWS region, if AWS's services there are reached through endpoints alone, or else None.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        vpc_id: str,
        cloudfront: bool,
        allowed_cidrs: Sequence[str] | None,
        ipv6: bool,
        external_clickhouse: bool,
        egress_ports: tuple[int, ...],
        isolated_in: str | None,
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
            for member, description in {**MEMBERS, **(ISOLATED_MEMBERS if isolated_in else {})}.items()
        }
        if external_clickhouse:
            accept_findings(groups["clickhouse"], {"CKV2_AWS_5": "Waits for a switch of clickhouse.mode to ec2"})
        self.ids = {member: group.id for member, group in groups.items()}
        peers: dict[str, Peer] = {
            member: {"referenced_security_group_id": group_id} for member, group_id in self.ids.items()
        }
        peers[WORLD] = {"cidr_ipv4": "0.0.0.0/0"}
        peers[WORLD_IPV6] = {"cidr_ipv6": "::/0"}
        for cidr in allowed_cidrs or ():
            peers[cidr] = {"cidr_ipv6": cidr} if ":" in cidr else {"cidr_ipv4": cidr}
        if cloudfront:
            prefixes = DataAwsEc2ManagedPrefixList(
                self, "cloudfront", name="com.amazonaws.global.cloudfront.origin-facing"
            )
            peers[CLOUDFRONT] = {"prefix_list_id": prefixes.id}
        if isolated_in:
            s3 = DataAwsEc2ManagedPrefixList(self, "s3", name=f"com.amazonaws.{isolated_in}.s3")
            peers[S3] = {"prefix_list_id": s3.id}
        sources = allowed_cidrs or ((WORLD, WORLD_IPV6) if ipv6 else (WORLD,))
        direct_users = tuple(Rule(source, "load-balancer", USER_PORTS) for source in sources)
        users = USERS_OF_CLOUDFRONT if cloudfront else direct_users
        to_world = (Rule("web", WORLD, egress_ports), Rule("worker", WORLD, egress_ports))
        tasks, instance = (ISOLATED, ISOLATED_CLICKHOUSE_ON_EC2) if isolated_in else ((), CLICKHOUSE_ON_EC2)
        clickhouse = () if external_clickhouse else instance
        for rule in users + RULES + to_world + tasks + clickhouse:
            for port in rule.ports:
                self._allow(rule, port, peers)

    def _allow(self, rule: Rule, port: int, peers: dict[str, Peer]) -> None:
        if rule.source in self.ids:
            VpcSecurityGroupEgressRule(
                self,
                f"{rule.source}-to-{rule.target}-{port}",
                security_group_id=self.ids[rule.source],
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"to {rule.target}",
                **peers[rule.target],
            )
        if rule.target in self.ids:
            ingress = VpcSecurityGroupIngressRule(
                self,
                # In an id, a slash separates constructs.
                f"{rule.target}-from-{rule.source.replace('/', '-')}-{port}",
                security_group_id=self.ids[rule.target],
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"from {rule.source}",
                **peers[rule.source],
            )
            if (peers[rule.source].get("cidr_ipv4"), port) == ("0.0.0.0/0", 80):
                accept_findings(
                    ingress,
                    {"CKV_AWS_260": "Redirects to HTTPS where the environment has a domain"},
                )
            if rule.source == CLOUDFRONT:
                accept_findings(ingress, {"CKV_AWS_260": "CloudFront's addresses alone, which checkov takes for all"})
