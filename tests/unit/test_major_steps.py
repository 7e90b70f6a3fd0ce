"""Tests of ``ops plan-review`` on a plan that changes Langfuse's major version."""

import json
from pathlib import Path

import pytest

from settings.variables.write_mode import WRITE_MODE
from tests.command_line import Ran
from tests.unit import plans
from tests.unit.plans import resource

ADDRESS = "aws_ecs_task_definition.web"


IMAGES = (
    "langfuse/langfuse:{}",
    "docker.langfuse.com/langfuse/langfuse-worker:{}",
    "registry.example.com:5000/langfuse:{}",
    f"123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror/langfuse:{{}}@sha256:{'a' * 64}",
)


def definition(version: str, mode: str | None, image: str = IMAGES[0]) -> dict[str, str]:
    """A task definition, in which a container of the same image ends before Langfuse's starts."""
    environment = [{"name": "HOSTNAME", "value": "0.0.0.0"}]
    environment += [{"name": WRITE_MODE, "value": mode}] if mode else []
    first = {"name": "ca-certificates", "image": image.format(version), "essential": False}
    container = {"name": "web", "image": image.format(version), "environment": environment}
    return {"family": "web", "container_definitions": json.dumps([first, container])}


def review(folder: Path, old: str, new: str, mode: str | None, *options: str) -> Ran:
    """Reviews a plan that replaces the task definition."""
    change = resource(ADDRESS, "replace", definition(old, None), definition(new, mode))
    return plans.review(folder, {"services": plans.plan(change)}, *options)


def test_a_step_without_a_write_mode_is_refused(tmp_path: Path) -> None:
    ran = review(tmp_path, "3.225.7", "4.16.0", None)
    assert ran.returncode == 3
    assert ran.stdout.startswith("### ⛔ Refused")
    assert f"- `{ADDRESS}`: 3.225.7 → 4.16.0\n" in ran.stdout
    assert "docs/upgrade-to-4.md" in ran.stdout
    allowed = review(tmp_path, "3.225.7", "4.16.0", None, "--allow", ADDRESS)
    assert allowed.returncode == 0, allowed.stderr


@pytest.mark.parametrize("image", IMAGES)
def test_a_step_is_seen_whatever_the_registry_is(tmp_path: Path, image: str) -> None:
    change = resource(ADDRESS, "replace", definition("3.225.7", None), definition("4.16.0", None, image))
    ran = plans.review(tmp_path, {"services": plans.plan(change)})
    assert ran.returncode == 3
    assert f"- `{ADDRESS}`: 3.225.7 → 4.16.0\n" in ran.stdout


@pytest.mark.parametrize(
    ("old", "new", "mode"),
    [("3.225.7", "4.16.0", "legacy"), ("4.9.0", "4.16.0", None), ("4.16.0", "3.225.7", None)],
)
def test_other_changes_of_the_version_are_not(tmp_path: Path, old: str, new: str, mode: str | None) -> None:
    ran = review(tmp_path, old, new, mode)
    assert ran.returncode == 0, ran.stderr
    assert "docs/upgrade-to-4.md" not in ran.stdout
