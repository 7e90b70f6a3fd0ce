"""Steps to another major version of Langfuse in a plan, for which nobody chose how Langfuse is to write its data."""

from collections.abc import Mapping
from typing import Any

from ops.ecs_services import VERSION
from ops.review.containers import containers
from ops.review.plan_format import Change
from settings.images import parse_image
from settings.variables import write_mode

NAMES = ("langfuse", "langfuse-worker")
"""The names of Langfuse's images, in whatever registry they are."""


def unchosen_step(change: Change) -> str | None:
    """The versions, ``3.225.7 → 4.16.0``, if the task definition makes such a step without a write mode."""
    if change.type != "aws_ecs_task_definition":
        return None
    old, _ = _langfuse(change.before)
    new, variables = _langfuse(change.after)
    if not (old and new) or _major(new) <= _major(old) or write_mode.WRITE_MODE in variables:
        return None
    return "another version" if change.hides("container_definitions") else f"{old} → {new}"


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _langfuse(definition: Mapping[str, Any]) -> tuple[str, set[str]]:
    """The version of Langfuse, and the variables of all containers with its image; none if they are not known yet."""
    own = [
        (image.tag, {variable.name for variable in container.environment or ()})
        for container in containers(definition)
        if (image := parse_image(container.image)).name in NAMES and VERSION.fullmatch(image.tag)
    ]
    return (own[0][0] if own else ""), set().union(*(names for _, names in own))
