"""Tests that a review fits into a comment of GitHub, whatever the plan is, and that a line does."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plans import Json, plan, resource, review
from tests.unit.test_plan_consequences import LOOSER, containers, replaced


@pytest.mark.parametrize("count", [2, 2000])
def test_a_review_fits_into_a_comment(tmp_path: Path, count: int) -> None:
    """GitHub takes 65,536 characters, and a comment has the reviews of two environments."""
    long = "x" * 150
    kinds = ("replace", "destroy", "forget", "change", "add")
    database = LOOSER["resource_changes"][0]["change"]
    changes = [
        resource(f"aws_db_instance.{long}-{number}", kinds[number % 5], database["before"], database["after"])
        for number in range(count)
    ]
    rules = [
        resource(f"aws_vpc_security_group_ingress_rule.{long}-{number}", "add", None, {"ip_protocol": "-1"})
        for number in range(count)
    ]
    ran = review(tmp_path, {"data": plan(*changes), "network": plan(*rules)})
    assert ran.returncode == 3
    assert len(ran.stdout) < 65_536 / 2
    assert ran.stdout.rstrip().endswith("</details>")
    assert ("more" in ran.stdout) == (count > 2)
    assert f"All changes: {2 * count}<" in ran.stdout


LONG = "x" * 180
MANY = 300


def many(count: int, **part: Any) -> list[Json]:
    return [{"name": f"V{number}_{LONG}", **part} for number in range(count)]


def statements(*actions: str) -> Json:
    return {"policy": json.dumps({"Statement": {"Effect": "Deny", "Action": actions, "Resource": "*"}})}


LONG_LINES: dict[str, dict[str, Json]] = {
    "variables": {
        "services": plan(
            *(
                replaced(
                    f"aws_ecs_task_definition.{name}",
                    "container_definitions",
                    before=containers(),
                    after=containers(environment=many(MANY, value="x"), secrets=many(MANY, valueFrom="x")),
                )
                for name in ("web", "worker")
            )
        )
    },
    "containers": {
        "services": plan(
            replaced(
                "aws_ecs_task_definition.web",
                "container_definitions",
                before=containers(),
                after={"container_definitions": json.dumps(many(MANY))},
            )
        )
    },
    "arguments": {
        "data": plan(
            *(
                resource(
                    f"aws_sns_topic.{number}",
                    "change",
                    {"tags": {f"{tag}{LONG}": "a" for tag in range(MANY)}},
                    {"tags": {f"{tag}{LONG}": "b" for tag in range(MANY)}},
                )
                for number in range(20)
            )
        )
    },
    "what forces it": {
        "data": plan(
            replaced("aws_db_instance.one", *(f"{number}{LONG}" for number in range(MANY)), before={"a": 1}, after={})
        )
    },
    "denied actions": {
        "data": plan(
            resource(
                "aws_iam_role_policy.one",
                "change",
                statements(*(f"s3:{number}{LONG}" for number in range(MANY))),
                statements("s3:GetObject"),
            )
        )
    },
    "stacks that are waited for": {"data": {"waits_for": [f"{number}{LONG}" for number in range(MANY)]}},
    "stacks that are not planned": {f"s{number}{LONG}": {"waits_for": ["network"]} for number in range(20)},
}


@pytest.mark.parametrize("name", LONG_LINES)
def test_a_long_line_is_cut(tmp_path: Path, name: str) -> None:
    ran = review(tmp_path, LONG_LINES[name])
    assert ran.returncode in (0, 3), ran.stderr
    assert len(ran.stdout) < 65_536 / 2
    assert max(map(len, ran.stdout.splitlines())) < 3_000
    assert name == "stacks that are not planned" or re.search(" and [0-9]+ more", ran.stdout)
