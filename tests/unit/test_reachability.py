"""Tests of reachability.toml: who can connect to whom, in every combination of the settings."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from settings import Settings
from tests import reachability
from tests.combinations import REGIONS, covering
from tests.environments import (
    DOMAIN,
    DUALSTACK,
    EC2,
    EDGE,
    ENVIRONMENTS,
    EXTERNAL,
    INTERNAL,
    ISOLATED_EC2,
    ISOLATED_EXTERNAL,
    RUNNING,
    SPLIT,
    SYNTHESIZED,
    load,
)
from tests.reachability import Way, by_the_stacks, by_the_table
from tests.synthesis import app

EXISTING_VPC = {
    "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-0123456789abcdef0",
    "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-00000001", "subnet-00000002"]',
    "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000004"]',
}
WITHOUT_NAT = {"LANGFUSE_AWS__NETWORK__NAT_GATEWAYS": "0"}
GIVEN: list[tuple[str, dict[str, str]]] = [
    (environment, {**RUNNING, **overrides})
    for environment in SYNTHESIZED
    for overrides in (EC2, EXTERNAL, {**WITHOUT_NAT, **EC2}, {**WITHOUT_NAT, **EXTERNAL})
]
GIVEN += [("dev", it) for it in (DOMAIN, DUALSTACK, INTERNAL, EDGE, ISOLATED_EC2, ISOLATED_EXTERNAL, SPLIT)]
GIVEN += [("dev", {**EXISTING_VPC, **mode}) for mode in (EC2, EXTERNAL)]
COVERING = [(environment, region) for environment in ENVIRONMENTS for region in REGIONS]
Stacks = dict[str, dict[str, Any]]


def stacks(environment: str, overrides: Mapping[str, str]) -> Stacks:
    """The JSON of the stacks that are in the VPC."""
    found = app(environment, overrides)
    return {name: found[name].json for name in ("network", "data", "services")}


def differences(found: Stacks, settings: Settings) -> dict[str, list[Way]]:
    """What the stacks and the table do not have in common."""
    expected, actual = by_the_table(settings), by_the_stacks(found, settings.ingress.allowed_cidrs or ())
    return {
        kind: sorted(ways, key=str)
        for kind, ways in {"open": actual - expected, "closed": expected - actual}.items()
        if ways
    }


@pytest.mark.parametrize(("environment", "overrides"), GIVEN)
def test_the_table_says_who_reaches_whom_and_nobody_else_does(environment: str, overrides: dict[str, str]) -> None:
    assert differences(stacks(environment, overrides), load(environment, overrides)) == {}


@pytest.mark.parametrize(("environment", "region"), COVERING)
def test_so_it_does_in_every_combination(environment: str, region: str) -> None:
    for combination in covering(environment, region):
        found = stacks(environment, combination)
        assert differences(found, load(environment, combination)) == {}, combination
        assert reachability.unknown_types(found) == set(), combination


def test_every_row_is_in_some_environment() -> None:
    loaded = [load(environment, overrides) for environment, overrides in GIVEN]
    loaded += [load("dev", combination) for combination in covering("dev", REGIONS[0])]
    facts = [reachability.facts_of(settings) for settings in loaded]
    unused = [
        row
        for row in reachability.TABLE
        if not any(
            all(each[fact.removeprefix("not ")] != fact.startswith("not ") for fact in row.get("when", ()))
            for each in facts
        )
    ]
    assert unused == []


def rule(found: Stacks, direction: str, group: str, **peer: Any) -> None:
    """Adds a rule to a security group."""
    rules = found["network"]["resource"][f"aws_vpc_security_group_{direction}_rule"]
    rules["new"] = {"security_group_id": f"${{aws_security_group.firewall_{group}.id}}", "ip_protocol": "tcp", **peer}


def group_of(found: Stacks, member: str) -> str:
    names = found["network"]["resource"]["aws_security_group"]
    (name,) = [name for name in names if name.startswith(f"firewall_{member}_")]
    return str(name.removeprefix("firewall_"))


def open_to(member: str, port: int, direction: str = "ingress", **peer: Any) -> Callable[[Stacks], None]:
    def mutate(found: Stacks) -> None:
        rule(found, direction, group_of(found, member), from_port=port, to_port=port, **peer)

    return mutate


def all_ports_to_web(found: Stacks) -> None:
    rule(found, "ingress", group_of(found, "web"), cidr_ipv4="0.0.0.0/0")
    found["network"]["resource"]["aws_vpc_security_group_ingress_rule"]["new"]["ip_protocol"] = "-1"


def public_web(found: Stacks) -> None:
    """A route to the internet gateway from the private subnets, and public addresses of the tasks in them."""
    resources = found["network"]["resource"]
    (gateway,) = resources["aws_internet_gateway"]
    tables = [name for name in resources["aws_route_table"] if "private" in name]
    for number, table in enumerate(tables):
        resources["aws_route"][f"new-{number}"] = {
            "route_table_id": f"${{aws_route_table.{table}.id}}",
            "destination_cidr_block": "0.0.0.0/0",
            "gateway_id": f"${{aws_internet_gateway.{gateway}.id}}",
        }
    for service in found["services"]["resource"]["aws_ecs_service"].values():
        service["network_configuration"]["assign_public_ip"] = True


def public_database(found: Stacks) -> None:
    public_web(found)
    for database in found["data"]["resource"]["aws_db_instance"].values():
        database["publicly_accessible"] = True
    open_to("postgres", 5432, cidr_ipv4="0.0.0.0/0")(found)


def listener(found: Stacks) -> None:
    found["services"]["resource"]["aws_lb_listener"]["new"] = {
        **next(iter(found["services"]["resource"]["aws_lb_listener"].values())),
        "port": 443,
    }


def no_endpoint(found: Stacks) -> None:
    found["network"]["resource"]["aws_vpc_endpoint"].clear()


def no_egress(found: Stacks) -> None:
    rules = found["network"]["resource"]["aws_vpc_security_group_egress_rule"]
    for name in [name for name in rules if "worker-to-redis" in name]:
        del rules[name]


ANYWHERE = {"cidr_ipv4": "0.0.0.0/0"}
MUTATIONS: dict[str, tuple[Callable[[Stacks], None], dict[str, list[Way]]]] = {
    "PostgreSQL from anywhere": (
        open_to("postgres", 5432, **ANYWHERE),
        {"open": [Way("connected networks", "PostgreSQL", 5432, "private address")]},
    ),
    "PostgreSQL from anywhere, with a public address": (
        public_database,
        {
            "open": [
                Way("internet", "PostgreSQL", 5432, "public address"),
                Way("web", "internet", 443, "public address"),
                Way("worker", "internet", 443, "public address"),
            ]
        },
    ),
    "tasks with public addresses": (
        public_web,
        {"open": [Way(name, "internet", 443, "public address") for name in ("web", "worker")]},
    ),
    "SSH to ClickHouse": (
        open_to("clickhouse", 22, cidr_ipv4="10.0.0.0/8"),
        {"open": [Way("connected networks", "ClickHouse", 22, "private address")]},
    ),
    "every port of web": (
        all_ports_to_web,
        {"open": [Way("connected networks", "web", "-1 None-None", "private address")]},
    ),
    "another port of the load balancer": (
        listener,
        {"open": [Way("internet", "load balancer", 443, "public address")]},
    ),
    "another way out": (
        open_to("worker", 25, "egress", **ANYWHERE),
        {"open": [Way("worker", "internet", 25, "NAT gateway")]},
    ),
    "no endpoint for S3": (
        no_endpoint,
        {"closed": [Way(name, "S3", 443, "gateway endpoint") for name in ("ClickHouse", "web", "worker")]},
    ),
    "no way from worker to Redis": (no_egress, {"closed": [Way("worker", "Redis", 6379, "private address")]}),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_opens_or_closes_a_way_is_found(name: str) -> None:
    mutate, expected = MUTATIONS[name]
    found = copy.deepcopy(stacks("dev", {**RUNNING, **EC2}))
    mutate(found)
    assert differences(found, load("dev", {**RUNNING, **EC2})) == expected


def test_a_type_that_may_open_a_way_is_not_overlooked() -> None:
    found = copy.deepcopy(stacks("dev", RUNNING))
    expected = {
        "aws_alb_listener",
        "aws_apigatewayv2_vpc_link",
        "aws_cloudfront_vpc_origin",
        "aws_lambda_function_url",
        "aws_security_group_rule",
        "aws_vpc_peering_connection",
    }
    for type_ in (*expected, "aws_lb_listener"):
        found["network"]["resource"][type_] = {}
    assert reachability.unknown_types(found) == expected
