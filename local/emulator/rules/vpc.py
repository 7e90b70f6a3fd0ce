"""Requests about the parts of a VPC that EC2 refuses."""

from collections.abc import Callable, Mapping
from itertools import count, takewhile
from typing import Any

from ministack.services import alb, ec2

from local.emulator.ipv6 import associated_with, ipv6_block
from local.emulator.ministack_gaps import wraps
from local.emulator.rules.ec2 import PEERS
from local.emulator.rules.rule import Request, refuses

Permissions = list[dict[str, Any]]

PREFIX_LIST = ("PrefixListId", "Description")
MOST_RULES = 60
"""The default quota of inbound rules, and of outbound rules, of a security group, for IPv4 and for IPv6 each."""
CLOUDFRONT = ec2._aws_pl_id_from_name("com.amazonaws.global.cloudfront.origin-facing")
RULES_OF_CLOUDFRONT = 55
"""https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html"""
ZONES_WITHOUT_NAT_GATEWAYS = {"apne1-az3"}


@wraps(ec2, "_parse_ip_permissions")
def with_prefix_lists(
    parse: Callable[[Mapping[str, Any], str], Permissions], params: Mapping[str, Any], prefix: str
) -> Permissions:
    """EC2 in ministack 1.5 drops the prefix lists of a security group's rules."""
    permissions = parse(params, prefix)
    for number, permission in enumerate(permissions, start=1):
        peers = (
            {key: ec2._p(params, f"{prefix}.{number}.PrefixListIds.{position}.{key}") for key in PREFIX_LIST}
            for position in count(1)
        )
        permission["PrefixListIds"] = list(takewhile(lambda peer: peer["PrefixListId"], peers))
    return permissions


@wraps(ec2, "_sg_rule_xml")
def prefix_list_of_rule(
    to_xml: Callable[[str, dict[str, Any], bool], str], group_id: str, rule: dict[str, Any], is_egress: bool = False
) -> str:
    """EC2 in ministack 1.5 does not return the prefix list of a rule. A rule of Terraform's has one peer."""
    ids = "".join(f"<prefixListId>{peer['PrefixListId']}</prefixListId>" for peer in rule.get("PrefixListIds", ()))
    return to_xml(group_id, rule, is_egress).replace("</item>", f"{ids}</item>")


@refuses("ec2", "AuthorizeSecurityGroupIngress", code="RulesPerSecurityGroupLimitExceeded")
def too_many_ingress_rules(request: Request) -> str | None:
    """A security group has at most 60 inbound rules. CloudFront's prefix list counts as 55."""
    return _too_many_rules(request, "IpPermissions")


@refuses("ec2", "AuthorizeSecurityGroupEgress", code="RulesPerSecurityGroupLimitExceeded")
def too_many_egress_rules(request: Request) -> str | None:
    """A security group has at most 60 outbound rules.

    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
    """
    return _too_many_rules(request, "IpPermissionsEgress")


def _too_many_rules(request: Request, direction: str) -> str | None:
    group = ec2._security_groups.get(request.get("GroupId", ""), {})
    permissions = [*group.get(direction, []), *request.get("IpPermissions", [])]
    for other_family in ("IpRanges", "Ipv6Ranges"):
        lists = PEERS.keys() - {other_family}
        peers = [peer for permission in permissions for list_ in lists for peer in permission.get(list_, [])]
        if sum(RULES_OF_CLOUDFRONT if peer.get("PrefixListId") == CLOUDFRONT else 1 for peer in peers) > MOST_RULES:
            return "The maximum number of rules per security group has been reached."
    return None


@refuses("ec2", "CreateNatGateway", code="NotAvailableInZone")
def no_nat_gateway_in_zone(request: Request) -> str | None:
    """Some zones have no NAT gateways: aws/aws-cdk#5847."""
    subnet = ec2._subnets.get(request["SubnetId"], {})
    lacking = subnet.get("AvailabilityZoneId") in ZONES_WITHOUT_NAT_GATEWAYS
    return "Nat Gateway is not available in this availability zone" if lacking else None


@refuses("ec2", "DisassociateVpcCidrBlock", code="InvalidCidrBlock.InUse")
def ipv6_block_with_subnets(request: Request) -> str | None:
    """Its subnets lose their parts of it first: hashicorp/terraform-provider-aws#29077."""
    vpc = associated_with(request["AssociationId"])
    used = any(ipv6_block(subnet) for subnet in ec2._subnets.values() if subnet["VpcId"] == vpc.get("VpcId"))
    return f"The vpc {vpc['VpcId']} currently has a subnet within CIDR block {ipv6_block(vpc)}" if used else None


@refuses("ec2", "DisassociateSubnetCidrBlock", code="InvalidCidrBlock.InUse")
def ipv6_block_with_addresses(request: Request) -> str | None:
    """What has addresses of it is deleted, or loses them, first.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateSubnetCidrBlock.html
    """
    subnet_id = associated_with(request["AssociationId"]).get("SubnetId")
    balancers = (each for each in alb._lbs.values() if each["IpAddressType"] == "dualstack")
    used = any(subnet_id in balancer["Subnets"] for balancer in balancers)
    return f"The subnet {subnet_id} has network interfaces with addresses of the CIDR block" if used else None
