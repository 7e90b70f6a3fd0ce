"""IPv6 blocks of VPCs and subnets, and routes to IPv6 addresses, which EC2 in ministack 1.5 lacks."""

from collections.abc import Callable, Mapping
from ipaddress import IPv6Network
from itertools import count
from typing import Any

from ministack.services import ec2

from local.emulator.ministack_gaps import Answer, Handler, Parameters, _properties, wraps

AMAZONS = IPv6Network("2600:1f18::/32")
"""What Amazon gives VPCs blocks of: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html."""
VPC_BLOCK_BITS = 56
ASSOCIATION_FILTER = "ipv6-cidr-block-association.association-id"

_numbers = count(1)


def add_ipv6() -> None:
    """Adds the actions that ministack lacks."""
    ec2._ACTION_MAP["AssociateVpcCidrBlock"] = _associate_with_vpc
    ec2._ACTION_MAP["DisassociateVpcCidrBlock"] = _disassociate
    ec2._ACTION_MAP["AssociateSubnetCidrBlock"] = _associate_with_subnet
    ec2._ACTION_MAP["DisassociateSubnetCidrBlock"] = _disassociate


def ipv6_block(resource: Parameters) -> str | None:
    """The IPv6 block of a VPC or of a subnet in ministack's records."""
    block: str | None = resource.get("_ipv6", {}).get("ipv6CidrBlock")
    return block


def associated_with(association_id: str) -> dict[str, Any]:
    """The VPC or the subnet in ministack's records whose IPv6 block has this association's ID; empty if none has."""
    resources = [*ec2._vpcs.values(), *ec2._subnets.values()]
    return next((each for each in resources if each.get("_ipv6", {}).get("associationId") == association_id), {})


def _associate(resource: dict[str, Any], kind: str, block: str, **more: str) -> None:
    resource["_ipv6"] = {
        "ipv6CidrBlock": block,
        "associationId": f"{kind}-cidr-assoc-{next(_numbers):017x}",
        "ipv6CidrBlockState": {"state": "associated"},
        **more,
    }


def _associate_amazons(vpc: dict[str, Any]) -> None:
    number = next(_numbers)
    block = IPv6Network((int(AMAZONS.network_address) + (number << (128 - VPC_BLOCK_BITS)), VPC_BLOCK_BITS))
    _associate(vpc, "vpc", str(block), ipv6Pool="Amazon", networkBorderGroup=ec2.get_region())


def _associate_with_vpc(params: Parameters) -> Answer:
    vpc = ec2._vpcs[ec2._p(params, "VpcId")]
    _associate_amazons(vpc)
    return _associated("AssociateVpcCidrBlockResponse", vpc, "vpcId", vpc["VpcId"])


def _associate_with_subnet(params: Parameters) -> Answer:
    subnet = ec2._subnets[ec2._p(params, "SubnetId")]
    _associate(subnet, "subnet", ec2._p(params, "Ipv6CidrBlock"))
    return _associated("AssociateSubnetCidrBlockResponse", subnet, "subnetId", subnet["SubnetId"])


def _disassociate(params: Parameters) -> Answer:
    resource = associated_with(ec2._p(params, "AssociationId"))
    name = "subnetId" if "SubnetId" in resource else "vpcId"
    response = "DisassociateSubnetCidrBlockResponse" if "SubnetId" in resource else "DisassociateVpcCidrBlockResponse"
    answer = _associated(response, resource, name, resource[name[0].upper() + name[1:]])
    del resource["_ipv6"]
    return answer


def _associated(response: str, resource: Parameters, name: str, id_: str) -> Answer:
    association = _properties({"ipv6CidrBlockAssociation": resource["_ipv6"], name: id_})
    answer: Answer = ec2._xml(200, response, association)
    return answer


@wraps(ec2, "CreateVpc")
def vpc_with_ipv6(create: Handler, params: Parameters) -> Answer:
    """EC2 CreateVpc in ministack 1.5 drops the wish for a block of Amazon's."""
    others = set(ec2._vpcs)
    answer = create(params)
    if ec2._p(params, "AmazonProvidedIpv6CidrBlock") == "true":
        (vpc_id,) = set(ec2._vpcs) - others
        _associate_amazons(ec2._vpcs[vpc_id])
        answer = ec2._xml(200, "CreateVpcResponse", ec2._vpc_fields_xml(ec2._vpcs[vpc_id], tag="vpc"))
    return answer


@wraps(ec2, "CreateSubnet")
def subnet_with_ipv6(create: Handler, params: Parameters) -> Answer:
    """EC2 CreateSubnet in ministack 1.5 drops the IPv6 block."""
    others = set(ec2._subnets)
    answer = create(params)
    if block := ec2._p(params, "Ipv6CidrBlock"):
        (subnet_id,) = set(ec2._subnets) - others
        _associate(ec2._subnets[subnet_id], "subnet", block)
        answer = ec2._xml(200, "CreateSubnetResponse", ec2._subnet_fields_xml(ec2._subnets[subnet_id], tag="subnet"))
    return answer


@wraps(ec2, "_vpc_fields_xml", "_subnet_fields_xml")
def shown_with_ipv6(to_xml: Callable[[Parameters, str], str], resource: Parameters, tag: str = "item") -> str:
    """EC2 DescribeVpcs and DescribeSubnets in ministack 1.5 return no IPv6 block."""
    blocks = f"<item>{_properties(resource['_ipv6'])}</item>" if "_ipv6" in resource else ""
    closed = f"</{tag}>"
    opened = to_xml(resource, tag).rstrip().removesuffix(closed)
    return f"{opened}<ipv6CidrBlockAssociationSet>{blocks}</ipv6CidrBlockAssociationSet>{closed}"


@wraps(ec2, "_matches_vpc_filters", "_matches_subnet_filters")
def found_by_association(
    matches: Callable[[Parameters, Mapping[str, list[str]]], bool],
    resource: Parameters,
    filters: Mapping[str, list[str]],
) -> bool:
    """EC2 DescribeVpcs and DescribeSubnets in ministack 1.5 ignore the filter for an IPv6 block's association."""
    association_id = resource.get("_ipv6", {}).get("associationId")
    return matches(resource, filters) and association_id in filters.get(ASSOCIATION_FILTER, [association_id])


@wraps(ec2, "CreateRoute")
def route_to_ipv6(create: Handler, params: Parameters) -> Answer:
    """EC2 CreateRoute in ministack 1.5 drops an IPv6 destination."""
    answer = create(params)
    if block := ec2._p(params, "DestinationIpv6CidrBlock"):
        route = ec2._route_tables[ec2._p(params, "RouteTableId")]["Routes"][-1]
        del route["DestinationCidrBlock"]
        route["DestinationIpv6CidrBlock"] = block
    return answer


@wraps(ec2, "DeleteRoute")
def deleted_route_to_ipv6(delete: Handler, params: Parameters) -> Answer:
    """EC2 DeleteRoute in ministack 1.5 finds no IPv6 destination."""
    answer = delete(params)
    if block := ec2._p(params, "DestinationIpv6CidrBlock"):
        table = ec2._route_tables[ec2._p(params, "RouteTableId")]
        table["Routes"] = [route for route in table["Routes"] if route.get("DestinationIpv6CidrBlock") != block]
    return answer
