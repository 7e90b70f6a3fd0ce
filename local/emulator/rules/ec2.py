"""Requests that EC2 refuses.

Its error codes: https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.services import alb, ec2

from local.emulator.public_addresses import has_public_address
from local.emulator.rules.network_interfaces import network_interfaces
from local.emulator.rules.rule import Request, refuses

PEERS = {"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId", "UserIdGroupPairs": "GroupId"}

OLD_ZONE = "use1-az3"
FAMILIES_IN_OLD_ZONE = {"c1", "c3", "c4", "d2", "i2", "m1", "m2", "m3", "m4", "r3", "r4", "t1", "t2", "x1"}

GP3_IOPS = 3000
GP3_THROUGHPUT_MIB = 125
MOST_IOPS_PER_GIB = 500
MOST_THROUGHPUT_MIB_PER_IOPS = 0.25
MOST_MODIFICATIONS_A_DAY = 4


@refuses("ec2", "DeleteSecurityGroup", code="DependencyViolation")
def security_group_in_use(request: Request) -> str | None:
    """A security group cannot be deleted while a network interface has it or a rule of another group names it."""
    id_ = request.get("GroupId", "")
    other_groups = [group for other_id, group in ec2._security_groups.items() if other_id != id_]
    in_use = any(id_ in interfaces.security_groups for interfaces in network_interfaces()) or any(
        id_ == peer
        for group in other_groups
        for *_, peer in _rules(group["IpPermissions"]) | _rules(group["IpPermissionsEgress"])
    )
    return f"resource {id_} has a dependent object" if in_use else None


@refuses("ec2", "AuthorizeSecurityGroupIngress", code="InvalidPermission.Duplicate")
def ingress_rule_exists(request: Request) -> str | None:
    """A security group has an ingress rule once, whatever its description."""
    return _existing_rule(request, "IpPermissions")


@refuses("ec2", "AuthorizeSecurityGroupEgress", code="InvalidPermission.Duplicate")
def egress_rule_exists(request: Request) -> str | None:
    """A security group has an egress rule once, whatever its description."""
    return _existing_rule(request, "IpPermissionsEgress")


def _existing_rule(request: Request, direction: str) -> str | None:
    group = ec2._security_groups.get(request.get("GroupId", ""), {})
    for protocol, first, last, peer in _rules(group.get(direction, [])) & _rules(request.get("IpPermissions", [])):
        rule = f"peer: {peer}, {protocol}, from port: {first}, to port: {last}, ALLOW"
        return f'the specified rule "{rule}" already exists'
    return None


def _rules(permissions: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """The rules in permissions, each with one peer: an address block or the id of a prefix list or of a group."""
    return {
        (permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort"), peer[name])
        for permission in permissions
        for list_, name in PEERS.items()
        for peer in permission.get(list_, [])
    }


@refuses("ec2", "DeleteSubnet", code="DependencyViolation")
def subnet_in_use(request: Request) -> str | None:
    """A subnet cannot be deleted while it has network interfaces."""
    in_use = any(request["SubnetId"] in interfaces.subnets for interfaces in network_interfaces())
    return f"The subnet '{request['SubnetId']}' has dependencies and cannot be deleted." if in_use else None


@refuses("ec2", "DeleteRouteTable", code="DependencyViolation")
def route_table_in_use(request: Request) -> str | None:
    """A route table cannot be deleted while it is associated with a subnet."""
    table = ec2._route_tables.get(request["RouteTableId"], {})
    in_use = table.get("Associations")
    return f"The routeTable '{request['RouteTableId']}' has dependencies and cannot be deleted." if in_use else None


@refuses("ec2", "DeleteInternetGateway", code="DependencyViolation")
def internet_gateway_attached(request: Request) -> str | None:
    """An internet gateway cannot be deleted while it is attached to a VPC."""
    id_ = request["InternetGatewayId"]
    attached = ec2._internet_gateways.get(id_, {}).get("Attachments")
    return f"The internetGateway '{id_}' has dependencies and cannot be deleted." if attached else None


@refuses("ec2", "DetachInternetGateway", code="DependencyViolation")
def internet_gateway_with_public_addresses(request: Request) -> str | None:
    """An internet gateway cannot be detached while anything has public addresses in the VPC."""
    vpc_id = request["VpcId"]
    balancers = [lb for lb in alb._lbs.values() if lb["Scheme"] == "internet-facing"]
    subnets = {id_ for id_, subnet in ec2._subnets.items() if subnet["VpcId"] == vpc_id}
    of_balancers = any(subnets.intersection(lb["Subnets"]) for lb in balancers)
    of_gateways = any(g["VpcId"] == vpc_id and g["State"] != "deleted" for g in ec2._nat_gateways.values())
    of_instances = any(i["VpcId"] == vpc_id and has_public_address(i) for i in ec2._instances.values())
    if not of_balancers and not of_gateways and not of_instances:
        return None
    return (
        f"Network {vpc_id} has some mapped public address(es). "
        "Please unmap those public address(es) before detaching the gateway."
    )


@refuses("ec2", "DeleteVpc", code="DependencyViolation")
def vpc_in_use(request: Request) -> str | None:
    """A VPC cannot be deleted with endpoints, or with route tables other than its own.

    See https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html. ministack refuses it with subnets,
    security groups and internet gateways.
    """
    id_ = request["VpcId"]
    main_table = ec2._vpcs.get(id_, {}).get("MainRouteTableId")
    tables = [table for table_id, table in ec2._route_tables.items() if table_id != main_table]
    in_use = any(resource["VpcId"] == id_ for resource in [*tables, *ec2._vpc_endpoints.values()])
    return f"The vpc '{id_}' has dependencies and cannot be deleted." if in_use else None


@refuses("ec2", "ReleaseAddress", code="InvalidIPAddress.InUse")
def address_in_use(request: Request) -> str | None:
    """An Elastic IP address cannot be released while it is associated with an instance or a NAT gateway.

    See https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html.
    """
    address = ec2._addresses.get(request.get("AllocationId", ""), {})
    of_gateways = [g["AllocationId"] for g in ec2._nat_gateways.values() if g["State"] != "deleted"]
    in_use = address.get("AssociationId") or address.get("AllocationId") in of_gateways
    return f"Address {address['PublicIp']} is in use." if in_use else None


@refuses("ec2", "RunInstances", code="Unsupported")
def instance_type_in_old_zone(request: Request) -> str | None:
    """The Availability Zone use1-az3 has no instance types that are newer than the fourth generation."""
    interfaces = request.get("NetworkInterfaces") or [request]
    subnet = ec2._subnets.get(interfaces[0].get("SubnetId", ""), {})
    family = request.get("InstanceType", "t2").partition(".")[0]
    if subnet.get("AvailabilityZoneId") != OLD_ZONE or family in FAMILIES_IN_OLD_ZONE:
        return None
    zone = subnet["AvailabilityZone"]
    return (
        f"Your requested instance type ({request['InstanceType']}) is not supported in your requested Availability "
        f"Zone ({zone}). Please retry your request by not specifying an Availability Zone or choosing another."
    )


@refuses("ec2", "CreateVolume", "ModifyVolume", code="InvalidParameterCombination")
def gp3_out_of_proportion(request: Request) -> str | None:
    """A gp3 volume has at most 500 IOPS per GiB, and 0.25 MiB/s per IOPS, beyond what is included.

    See https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html.
    """
    volume = {"Size": 8} | ec2._volumes.get(request.get("VolumeId", ""), {}) | request
    if volume.get("VolumeType") != "gp3":
        return None
    iops = volume.get("Iops", GP3_IOPS)
    if iops > max(GP3_IOPS, MOST_IOPS_PER_GIB * volume["Size"]):
        ratio = iops / volume["Size"]
        return f"Iops to volume size ratio of {ratio:.6f} is too high; maximum is {MOST_IOPS_PER_GIB}."
    throughput = volume.get("Throughput", GP3_THROUGHPUT_MIB)
    if throughput > max(GP3_THROUGHPUT_MIB, MOST_THROUGHPUT_MIB_PER_IOPS * iops):
        maximum = f"{MOST_THROUGHPUT_MIB_PER_IOPS:.6f} MiBps per iops"
        return f"Throughput (MiBps) to iops ratio of {throughput / iops:.6f} is too high; maximum is {maximum}."
    return None


@refuses("ec2", "AttachVolume", code="InvalidVolume.ZoneMismatch")
def volume_in_another_zone(request: Request) -> str | None:
    """A volume can be attached to an instance in its own Availability Zone only."""
    volume = ec2._volumes.get(request["VolumeId"], {})
    placement = ec2._instances.get(request["InstanceId"], {}).get("Placement", {})
    if volume.get("AvailabilityZone") == placement.get("AvailabilityZone"):
        return None
    return (
        f"The volume '{request['VolumeId']}' is not in the same availability zone as instance '{request['InstanceId']}'"
    )


@refuses("ec2", "ModifyVolume", code="InvalidParameterValue")
def volume_made_smaller(request: Request) -> str | None:
    """A volume cannot be made smaller."""
    size = ec2._volumes.get(request["VolumeId"], {}).get("Size", 0)
    return f"New size cannot be smaller than existing size: {size}" if request.get("Size", size) < size else None


@refuses("ec2", "ModifyVolume", code="VolumeModificationRateExceeded")
def volume_modified_too_often(request: Request) -> str | None:
    """A volume can be modified four times in 24 hours.

    See https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html.
    ``local.emulator.ministack_gaps`` records the times.
    """
    modified = ec2._volumes.get(request["VolumeId"], {}).get("_modified", [])
    yesterday = datetime.now(UTC) - timedelta(days=1)
    if sum(time > yesterday for time in modified) < MOST_MODIFICATIONS_A_DAY:
        return None
    return "You've reached the maximum modification rate per volume limit. Wait until 24 hours after the first of them."
