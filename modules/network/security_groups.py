"""Every security group of the project and every rule, as one table of who may connect to whom."""

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
CLOUDFRONT = "cloudfront"
"""The addresses that CloudFront connects from."""


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
DIRECT_USERS = (Rule(WORLD, "load-balancer", (80, 443)),)
# One port only: AWS counts the prefix list as 55 of the 60 rules that a group may have.
USERS_OF_CLOUDFRONT = (Rule(CLOUDFRONT, "load-balancer", (80,)),)
# For its packages, its password and its metrics.
CLICKHOUSE_ON_EC2 = (Rule("clickhouse", WORLD, (ports.HTTPS,)),)


class Peer(TypedDict, total=False):
    """The other end of a rule, as the rule's argument."""

    referenced_security_group_id: str
    cidr_ipv4: str
    prefix_list_id: str


class SecurityGroups(Construct):
    """A security group per member, and for each row of the table egress from its source and ingress to its target.

    ``ids`` maps each member's name to its group's id.

    Args:
        name: what the groups' names start with.
        vpc_id: the VPC that they are in.
        cloudfront: whether CloudFront alone may connect to the load balancer, instead of everyone.
        external_clickhouse: whether ClickHouse is not in the VPC, so that nothing there needs to connect to AWS.
        egress_ports: the TCP ports that web and worker may connect to on the internet, each once: AWS refuses a rule
            that exists.
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
        egress_ports: tuple[int, ...],
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
        users = USERS_OF_CLOUDFRONT if cloudfront else DIRECT_USERS
        to_world = (Rule("web", WORLD, egress_ports), Rule("worker", WORLD, egress_ports))
        clickhouse = () if external_clickhouse else CLICKHOUSE_ON_EC2
        for rule in users + RULES + to_world + clickhouse:
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
                f"{rule.target}-from-{rule.source}-{port}",
                security_group_id=self.ids[rule.target],
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"from {rule.source}",
                **peers[rule.source],
            )
            if (rule.source, port) == (WORLD, 80):
                accept_findings(
                    ingress,
                    {"CKV_AWS_260": "Redirects to HTTPS where the environment has a domain"},
                )
            if rule.source == CLOUDFRONT:
                accept_findings(ingress, {"CKV_AWS_260": "CloudFront's addresses alone, which checkov takes for all"})
