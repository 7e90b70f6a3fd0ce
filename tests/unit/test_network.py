"""Tests of the VPC and the security group rules."""

import ipaddress
from itertools import combinations
from typing import Any

import pytest
from cdktf import Testing as CdktfTesting

from tests.environments import EC2, ENVIRONMENTS, EXTERNAL
from tests.synthesis import SynthesizedStack, app

Rule = tuple[str, str, int]


def group_names(network: SynthesizedStack) -> dict[str, str]:
    """Returns the short names of the security groups, such as ``web``, by the references to them."""
    return {
        f"${{aws_security_group.{name}.id}}": group["name"].split("-", 2)[2]
        for name, group in network.resources("aws_security_group").items()
    }


def rules(network: SynthesizedStack, direction: str) -> set[Rule]:
    """Returns each rule as (source, destination, port)."""
    members = group_names(network)
    connections = set()
    for rule in network.resources(f"aws_vpc_security_group_{direction}_rule").values():
        assert rule["ip_protocol"] == "tcp"
        assert rule["from_port"] == rule["to_port"]
        owner = members[rule["security_group_id"]]
        other = members[rule["referenced_security_group_id"]] if "referenced_security_group_id" in rule else peer(rule)
        source, target = (other, owner) if direction == "ingress" else (owner, other)
        connections.add((source, target, rule["to_port"]))
    return connections


def peer(rule: dict[str, Any]) -> str:
    return "cloudfront" if "prefix_list_id" in rule else str(rule["cidr_ipv4"])


INSIDE = {
    ("load-balancer", "web", 3000),
    *((task, "postgres", 5432) for task in ("web", "worker")),
    *((task, "redis", 6379) for task in ("web", "worker")),
    *((task, "clickhouse", port) for task in ("web", "worker") for port in (8123, 9000)),
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_load_balancer_is_reached_from_the_world(environment: str) -> None:
    world = {("0.0.0.0/0", "load-balancer", 80), ("0.0.0.0/0", "load-balancer", 443)}
    assert rules(app(environment)["network"], "ingress") == INSIDE | world


@pytest.mark.parametrize(
    ("clickhouse", "more"),
    [
        (EC2, {("clickhouse", "0.0.0.0/0", 443)}),
        (EXTERNAL, {(task, "0.0.0.0/0", port) for task in ("web", "worker") for port in (8443, 9440)}),
    ],
)
def test_egress_is_for_each_ingress_and_little_else(clickhouse: dict[str, str], more: set[Rule]) -> None:
    apis = {(task, "0.0.0.0/0", 443) for task in ("web", "worker")}
    assert rules(app("dev", clickhouse)["network"], "egress") == INSIDE | apis | more


def test_behind_cloudfront_the_world_reaches_nothing() -> None:
    network = app("dev", {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"})["network"]
    assert rules(network, "ingress") == INSIDE | {("cloudfront", "load-balancer", 80)}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_security_group_has_inline_rules(environment: str) -> None:
    for group in app(environment)["network"].resources("aws_security_group").values():
        assert not {"ingress", "egress"} & set(group)


@pytest.mark.parametrize(("environment", "gateways"), [("dev", 1), ("prod", 2)])
def test_nat_gateways(environment: str, gateways: int) -> None:
    network = app(environment)["network"]
    assert len(network.resources("aws_nat_gateway")) == gateways
    default_routes = [route for route in network.resources("aws_route").values() if "nat_gateway_id" in route]
    assert len(default_routes) == 2
    assert len({route["nat_gateway_id"] for route in default_routes}) == gateways


@pytest.mark.parametrize("zones", [2, 3, 4])
@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "192.168.8.0/24"])
def test_subnets_fill_the_block_without_overlap(zones: int, cidr: str) -> None:
    overrides = {"LANGFUSE_AWS__NETWORK__AVAILABILITY_ZONES": str(zones), "LANGFUSE_AWS__NETWORK__CIDR": cidr}
    subnets = app("dev", overrides)["network"].resources("aws_subnet").values()
    blocks = [ipaddress.IPv4Network(subnet["cidr_block"]) for subnet in subnets]
    assert len(blocks) == 2 * zones
    assert all(block.subnet_of(ipaddress.IPv4Network(cidr)) for block in blocks)
    assert not any(block.overlaps(other) for block, other in combinations(blocks, 2))
    # A load balancer requires subnets of /27 or larger.
    assert all(block.prefixlen <= 27 for block in blocks)


def test_a_zone_added_later_moves_no_subnet() -> None:
    two, three = (
        app("dev", {"LANGFUSE_AWS__NETWORK__AVAILABILITY_ZONES": zones})["network"].resources("aws_subnet")
        for zones in ("2", "3")
    )
    assert {name: three[name] for name in two} == two


def test_the_zones_are_looked_up() -> None:
    network = app()["network"]
    (zones,) = network.json["data"]["aws_availability_zones"].values()
    # No Local Zones
    (names,) = zones["filter"]
    assert (names["name"], names["values"][0], names["values"][-1]) == ("zone-name", "us-east-1a", "us-east-1f")
    # It has no Graviton instances.
    assert "use1-az3" in zones["exclude_zone_ids"]
    for subnet in network.resources("aws_subnet").values():
        assert subnet["availability_zone"].startswith("${data.aws_availability_zones.")
        # A subnet of an earlier deploy stays where it is.
        assert subnet["lifecycle"] == {"ignore_changes": ["availability_zone"]}


def test_private_subnets_use_an_endpoint_for_s3() -> None:
    assert CdktfTesting.to_have_resource_with_properties(
        app()["network"].text,
        "aws_vpc_endpoint",
        {"service_name": "com.amazonaws.us-east-1.s3", "vpc_endpoint_type": "Gateway"},
    )
    assert len(app()["network"].resource("aws_vpc_endpoint")["route_table_ids"]) == 2


def test_rejected_connections_are_logged() -> None:
    network = app()["network"]
    assert network.resource("aws_flow_log")["traffic_type"] == "REJECT"
    assert network.resource("aws_cloudwatch_log_group")["retention_in_days"] == 7


def test_the_default_security_group_is_emptied() -> None:
    group = app()["network"].resource("aws_default_security_group")
    assert not {"ingress", "egress"} & set(group)


def test_an_existing_vpc_is_only_read() -> None:
    network = app(
        "dev",
        {
            "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-00000001",
            "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-00000001", "subnet-00000002"]',
            "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000004"]',
        },
    )["network"]
    assert set(network.json["resource"]) == {
        "aws_security_group",
        "aws_vpc_security_group_ingress_rule",
        "aws_vpc_security_group_egress_rule",
    }
    assert len(network.json["data"]["aws_subnet"]) == 4
    (vpc,) = network.json["data"]["aws_vpc"].values()
    (condition,) = vpc["lifecycle"]["postcondition"]
    assert condition["condition"] == "${self.enable_dns_support && self.enable_dns_hostnames}"
