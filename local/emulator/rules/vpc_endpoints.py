"""Requests about interface VPC endpoints that EC2 refuses."""

from ministack.services import ec2

from local.emulator.interface_endpoints import private_name
from local.emulator.rules.rule import Request, refuses

ZONES_WITH_SERVICES = "abc"
"""The letters of the zones that have services for endpoints, in ministack's answers too: the others of us-east-1 do
not, so that tests see what happens in a zone that lacks one."""


def _has_private_names(request: Request) -> bool:
    return request.get("VpcEndpointType") == "Interface" and bool(request.get("PrivateDnsEnabled"))


def _zones(request: Request) -> dict[str, str]:
    """The zones of the endpoint's subnets that exist, by subnet. A gateway endpoint has none."""
    ids = request.get("SubnetIds", [])
    return {id_: ec2._subnets[id_]["AvailabilityZone"] for id_ in ids if id_ in ec2._subnets}


@refuses("ec2", "CreateVpcEndpoint", code="InvalidParameter")
def private_names_in_a_vpc_without_names(request: Request) -> str | None:
    """The private DNS of an endpoint needs the VPC's DNS.

    See https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html.
    """
    vpc = ec2._vpcs.get(request["VpcId"], {})
    resolves = vpc.get("EnableDnsSupport", True) and vpc.get("EnableDnsHostnames", False)
    if resolves or not _has_private_names(request):
        return None
    return (
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for "
        f"{request['VpcId']}"
    )


@refuses("ec2", "CreateVpcEndpoint", code="InvalidParameter")
def private_names_twice(request: Request) -> str | None:
    """One endpoint of a service in a VPC can have its private DNS: hashicorp/terraform-provider-aws#17535."""
    service, vpc_id = request["ServiceName"], request["VpcId"]
    exists = any(
        (endpoint["ServiceName"], endpoint["VpcId"]) == (service, vpc_id) and endpoint.get("PrivateDnsEnabled")
        for endpoint in ec2._vpc_endpoints.values()
    )
    if not exists or not _has_private_names(request):
        return None
    return (
        "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
        f"{private_name(service)} in the VPC {vpc_id}"
    )


@refuses("ec2", "CreateVpcEndpoint", code="DuplicateSubnetsInSameZone")
def endpoint_twice_in_a_zone(request: Request) -> str | None:
    """An interface endpoint has one subnet in a zone: terraform-aws-modules/terraform-aws-vpc#451."""
    zones = _zones(request)
    twice = next((id_ for id_, zone in zones.items() if list(zones.values()).count(zone) > 1), None)
    if twice is None:
        return None
    return (
        f"Found another VPC endpoint subnet in the availability zone of {twice}. VPC endpoint subnets should be in "
        "different availability zones supported by the VPC endpoint service."
    )


@refuses("ec2", "CreateVpcEndpoint", code="InvalidParameter")
def zone_without_the_service(request: Request) -> str | None:
    """Not every zone has every service: terraform-aws-modules/terraform-aws-vpc#785."""
    for id_, zone in _zones(request).items():
        if zone[-1] not in ZONES_WITH_SERVICES:
            service = request["ServiceName"]
            return f"The VPC endpoint service {service} does not support the availability zone of the subnet: {id_}."
    return None
