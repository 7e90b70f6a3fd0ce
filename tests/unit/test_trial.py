"""Tests of what makes a trial cheap: no NAT gateway, Fargate Spot, and sizes below Langfuse's minimum."""

import subprocess
import sys
from pathlib import Path

import pytest

from synth.small_sizes import warn_of_small_sizes
from tests.command_line import PROJECT
from tests.environments import EC2, EXTERNAL, RUNNING, load
from tests.synthesis import SynthesizedStack, app
from tests.unit.test_network import INSIDE, rules

NAT = "LANGFUSE_AWS__NETWORK__NAT_GATEWAYS"
WITHOUT_NAT = [("trial", {}), ("dev", {NAT: "0"}), ("prod", {NAT: "0", **RUNNING, **EC2})]
without_nat = pytest.mark.parametrize(("environment", "overrides"), WITHOUT_NAT, ids=[each[0] for each in WITHOUT_NAT])
SPOT = {"web": {"LANGFUSE_AWS__WEB__SPOT": "true"}, "worker": {"LANGFUSE_AWS__WORKER__SPOT": "true"}}
PROVIDERS = "aws_ecs_cluster_capacity_providers"


def subnets(kind: str, references: object) -> bool:
    """Whether these are references to subnets of the kind alone."""
    return str(references).count("aws_subnetvpc_") == str(references).count(f"aws_subnetvpc_{kind}-") > 0


@without_nat
def test_public_addresses_let_nobody_in(environment: str, overrides: dict[str, str]) -> None:
    """What docs/security.md says of them: the internet reaches the load balancer alone, as with a NAT gateway."""
    network = app(environment, overrides)["network"]
    world = {("0.0.0.0/0", "load-balancer", 80), ("0.0.0.0/0", "load-balancer", 443)}
    assert rules(network, "ingress") == INSIDE | world


@without_nat
def test_tasks_and_clickhouse_have_public_addresses_and_databases_none(
    environment: str, overrides: dict[str, str]
) -> None:
    stacks = app(environment, overrides)
    for service in stacks["services"].resources("aws_ecs_service").values():
        assert service["network_configuration"]["assign_public_ip"] is True
        assert subnets("public", service["network_configuration"]["subnets"])
    (instance,) = stacks["data"].resources("aws_instance").values()
    assert instance["associate_public_ip_address"] is True
    assert "aws_subnetvpc_public-0" in instance["subnet_id"]
    # A stopped instance has none, and would be replaced.
    assert "associate_public_ip_address" in instance["lifecycle"]["ignore_changes"]
    for type_ in ("aws_db_subnet_group", "aws_elasticache_subnet_group"):
        (group,) = stacks["data"].resources(type_).values()
        assert subnets("private", group["subnet_ids"])
    assert stacks["data"].resource("aws_db_instance")["publicly_accessible"] is False


@without_nat
def test_without_nat_gateways_every_subnet_has_the_endpoint_for_s3(environment: str, overrides: dict[str, str]) -> None:
    network = app(environment, overrides)["network"]
    assert network.resources("aws_nat_gateway") == network.resources("aws_eip") == {}
    (route,) = network.resources("aws_route").values()
    assert "public" in route["route_table_id"]
    assert len(network.resource("aws_vpc_endpoint")["route_table_ids"]) == len(network.resources("aws_route_table"))


def test_the_data_volume_stays_where_it_is() -> None:
    """Another zone would replace it, without the data."""
    volumes = [app("dev", {NAT: number})["data"].resource("aws_ebs_volume") for number in ("0", "1")]
    assert volumes[0] == volumes[1]


@pytest.mark.parametrize("more", [{}, EXTERNAL | RUNNING])
def test_what_moves_needs_nothing_that_the_network_does_not_have_yet(more: dict[str, str]) -> None:
    """So that data and services can be deployed first, while there is a NAT gateway."""
    with_nat = app("dev", more)["network"].json["output"]
    for stack in ("data", "services"):
        (network,) = [
            name
            for name in app("dev", {NAT: "0", **more})[stack].json["data"]["terraform_remote_state"]
            if "network" in name
        ]
        text = app("dev", {NAT: "0", **more})[stack].text
        needed = {part.partition("}")[0] for part in text.split(f"{network}.outputs.")[1:]}
        assert needed
        assert needed <= set(with_nat)


def strategies(services: SynthesizedStack) -> dict[str, tuple[object, object]]:
    """The launch type and the capacity providers of each service."""
    return {
        service["name"].rpartition("-")[2]: (
            service.get("launch_type"),
            [item["capacity_provider"] for item in service.get("capacity_provider_strategy", ())],
        )
        for service in services.resources("aws_ecs_service").values()
    }


ON_DEMAND: tuple[object, object] = ("FARGATE", [])
ON_SPOT: tuple[object, object] = (None, ["FARGATE_SPOT"])


@pytest.mark.parametrize("spot", SPOT)
def test_a_service_on_spot_leaves_the_other_as_it_is(spot: str) -> None:
    before, services = app("dev")["services"], app("dev", SPOT[spot])["services"]
    assert strategies(services) == {name: ON_SPOT if name == spot else ON_DEMAND for name in ("web", "worker")}
    assert set(services.addresses()) - set(before.addresses()) == {
        f"{PROVIDERS}.{name}" for name in services.resources(PROVIDERS)
    }
    (providers,) = services.resources(PROVIDERS)
    for service in services.resources("aws_ecs_service").values():
        # AWS keeps a provider that a service uses, and so it is made first and destroyed last.
        assert (f"{PROVIDERS}.{providers}" in service["depends_on"]) is service["name"].endswith(spot)


def test_the_first_cluster_of_an_account_gets_spot_once_ecs_has_its_role() -> None:
    """Which ECS makes with the cluster, and can assume some seconds later: the load balancer takes minutes."""
    services = app("trial")["services"]
    (listener,) = services.resources("aws_lb_listener")
    assert services.resource(PROVIDERS)["depends_on"] == [f"aws_lb_listener.{listener}"]


def test_a_split_service_may_be_on_spot() -> None:
    services = app("dev", {"LANGFUSE_AWS__WEB_INGESTION__SPOT": "true"})["services"]
    split = services.resource("aws_ecs_service", name="langfuse-dev-web-ingestion")
    assert [item["capacity_provider"] for item in split["capacity_provider_strategy"]] == ["FARGATE_SPOT"]
    assert len(services.resources(PROVIDERS)) == 1


def test_without_spot_there_are_no_capacity_providers() -> None:
    assert app("dev")["services"].resources(PROVIDERS) == {}
    assert strategies(app("dev")["services"]) == dict.fromkeys(("web", "worker"), ON_DEMAND)


@pytest.mark.parametrize("type_", ["aws_appautoscaling_target", "aws_appautoscaling_policy"])
def test_a_service_that_is_replaced_gets_its_scaling_again(type_: str) -> None:
    """AWS deletes both with the service. Before it is healthy, no second web task may start and migrate."""
    services = app("trial")["services"]
    ids = {f"aws_ecs_service.{name}.id" for name in services.resources("aws_ecs_service")}
    triggers = [each["lifecycle"]["replace_triggered_by"] for each in services.resources(type_).values()]
    assert {trigger for one in triggers for trigger in one} == ids
    for target in services.resources("aws_appautoscaling_target").values():
        assert "rollout" in target["depends_on"][0]


@pytest.mark.parametrize(
    ("overrides", "names"),
    [
        ({}, []),
        ({"WEB__CPU": "1024"}, ["web.cpu is 1024 instead of 2048"]),
        ({"WORKER__CPU": "512", "WORKER__MEMORY_MIB": "2048"}, ["worker.cpu is 512", "worker.memory_mib is 2048"]),
        ({"CLICKHOUSE__MODE": "ec2", "CLICKHOUSE__INSTANCE_TYPE": "t4g.medium"}, ["clickhouse.instance_type is t4g"]),
        ({"CLICKHOUSE__MODE": "ec2", "CLICKHOUSE__INSTANCE_TYPE": "c7g.large"}, ["clickhouse.instance_type is c7g"]),
        ({"CLICKHOUSE__MODE": "ec2", "CLICKHOUSE__INSTANCE_TYPE": "t4g.large"}, []),
        ({"CLICKHOUSE__MODE": "ec2", "CLICKHOUSE__INSTANCE_TYPE": "r7g.medium"}, []),
    ],
)
def test_sizes_below_the_minimum_are_warned_of(
    overrides: dict[str, str], names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    warn_of_small_sizes(load("prod", {f"LANGFUSE_AWS__{name}": value for name, value in overrides.items()}))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == bool(names)
    for name in names:
        assert name in said.err


def test_a_trial_is_synthesized_with_two_warnings(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "main.py"],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "LANGFUSE_ENV": "trial", "CDKTF_OUTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "")
    https, sizes = ran.stderr.splitlines()
    assert "trial has no HTTPS" in https
    assert sizes.startswith("synth: warning: trial is smaller than Langfuse's minimum, which is slow")
