"""Tests of what ``ops plan-review`` says that a plan adds to a month's cost."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plans import Json, plan, resource, review

MARKDOWN_HEAD = "| stack | add | change | replace | destroy | forget | USD a month |"
SERVICE = {"name": "web", "network_configuration": [{"assign_public_ip": False}]}
DEFINITION = {
    "family": "web",
    "cpu": "1024",
    "memory": "4096",
    "runtime_platform": [{"cpu_architecture": "ARM64"}],
    "container_definitions": "[]",
}
TARGET = {"resource_id": "service/langfuse-dev/web", "min_capacity": 1}
DATABASE = {"instance_class": "db.t4g.micro", "allocated_storage": 20, "storage_type": "gp3", "multi_az": False}


def in_region(region: Any) -> Json:
    """The configuration of a plan whose provider is in the Region."""
    return {"provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": region}}}}}


def cost_of(folder: Path, *resources: Json, region: Any = "us-east-1") -> str:
    """The cell of the only stack."""
    ran = review(folder, {"data": plan(*resources, configuration=in_region(region))})
    lines = ran.stdout.splitlines()
    assert MARKDOWN_HEAD in lines
    (row,) = [line for line in lines if line.startswith("| data |")]
    return row.split("|")[-2].strip()


def tasks(before: int, after: int) -> list[Json]:
    return [
        resource("aws_ecs_service.web", "none", SERVICE, SERVICE),
        resource("aws_ecs_task_definition.web", "none", DEFINITION, DEFINITION),
        resource(
            "aws_appautoscaling_target.web",
            "change",
            {**TARGET, "min_capacity": before},
            {**TARGET, "min_capacity": after},
        ),
    ]


@pytest.mark.parametrize(("before", "after", "shown"), [(1, 2, "+34"), (3, 1, "-68"), (1, 1000, "+33,999")])
def test_more_tasks_cost_more(tmp_path: Path, before: int, after: int, shown: str) -> None:
    assert cost_of(tmp_path, *tasks(before, after)) == shown


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ([resource("aws_nat_gateway.a", "add", None, {})], "+33"),
        ([resource("aws_nat_gateway.a", "destroy", {})], "-33"),
        # What leaves the state still costs.
        ([resource("aws_ebs_volume.a", "forget", {"size": 50, "type": "gp3"})], "0"),
        ([resource("aws_db_instance.a", "change", DATABASE, {**DATABASE, "multi_az": True})], "+14"),
        ([resource("aws_db_instance.a", "replace", DATABASE, {**DATABASE, "engine": "x"})], "0"),
        ([resource("aws_cloudwatch_metric_alarm.a", "add", None, {"namespace": "AWS/RDS"})], "+0.10"),
        ([resource("aws_subnet.a", "add", None, {})], "0"),
        ([], "0"),
    ],
)
def test_what_a_change_costs(tmp_path: Path, change: list[Json], shown: str) -> None:
    assert cost_of(tmp_path, *change) == shown


def test_an_unknown_value_is_not_counted_and_said(tmp_path: Path) -> None:
    lb: Json = {"internal": False}
    unknown = resource("aws_lb.a", "add", None, lb, after_unknown={"subnets": True})
    assert cost_of(tmp_path, unknown, resource("aws_nat_gateway.a", "add", None, {})) == "about +33"
    # What stays unknown on both sides changes nothing.
    assert cost_of(tmp_path, resource("aws_lb.a", "none", lb, lb)) == "0"


def test_an_instance_type_without_a_price_is_said(tmp_path: Path) -> None:
    larger = resource("aws_db_instance.a", "change", DATABASE, {**DATABASE, "instance_class": "db.r7g.16xlarge"})
    assert cost_of(tmp_path, larger) == "about -12"


def test_a_type_without_a_rule_is_said(tmp_path: Path) -> None:
    assert cost_of(tmp_path, resource("aws_kinesis_stream.a", "add", None, {})) == "about 0"


@pytest.mark.parametrize(
    ("region", "shown"),
    [
        ("eu-central-1", "+38"),
        ("eu-west-3", "about +33"),
        (None, "about +33"),
        ("../../x", "about +33"),
        (7, "about +33"),
    ],
)
def test_the_prices_are_those_of_the_region(tmp_path: Path, region: Any, shown: str) -> None:
    assert cost_of(tmp_path, resource("aws_nat_gateway.a", "add", None, {}), region=region) == shown


def test_the_answer_in_json(tmp_path: Path) -> None:
    added = plan(resource("aws_nat_gateway.a", "add", None, {}), configuration=in_region("us-east-1"))
    ran = review(tmp_path, {"network": added, "data": {"waits_for": ["network"]}}, "--json")
    assert json.loads(ran.stdout)["usd_a_month"] == {"network": {"usd": pytest.approx(33.075), "about": False}}
