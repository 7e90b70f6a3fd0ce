"""The network: NAT gateways, addresses, endpoints and zones of Route 53."""

from collections.abc import Iterator

from cost import HOURS_A_MONTH
from cost.item import Item
from cost.resources import Resource, Resources
from cost.usage import Usage


def nat_gateway(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """The gateway, and what goes through it."""
    yield Item("network", "NAT gateways", HOURS_A_MONTH, "nat")
    traffic = resources.share(resource, usage.nat_gb)
    yield Item("network", "traffic through NAT gateways", traffic, "nat-gb", ("nat_gb",))


def address(_: Resource, __: Resources, ___: Usage) -> Iterator[Item]:
    """A public IPv4 address, which costs the same in use or not."""
    yield Item("network", "public addresses of NAT gateways", HOURS_A_MONTH, "public-ipv4")


def endpoint(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """An interface endpoint in each of its zones. A gateway endpoint is free."""
    if not _is_interface(resource):
        return
    zones = resource.subnets("subnet_ids")
    yield Item("network", "interface endpoints, in each zone", zones * HOURS_A_MONTH, "endpoint")
    endpoints = sum(_is_interface(other) for other in resources.of(resource.type))
    yield Item("network", "traffic through endpoints", usage.nat_gb / endpoints, "endpoint-gb", ("nat_gb",))


def zone(_: Resource, __: Resources, ___: Usage) -> Iterator[Item]:
    """A hosted zone, private ones too."""
    yield Item("network", "zones of Route 53", 1, "route53-zone")


def _is_interface(resource: Resource) -> bool:
    return resource.text("vpc_endpoint_type", "Gateway") == "Interface"
