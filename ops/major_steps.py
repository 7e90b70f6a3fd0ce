"""Steps to another major version of Langfuse in a plan, for which nobody chose how Langfuse is to write its data."""

import re
from collections.abc import Mapping
from typing import Any

from ops.review.containers import containers
from ops.review.plan_format import Change
from settings.variables import write_mode

IMAGE = re.compile(r"langfuse/langfuse(?:-worker)?:(([0-9]{1,9})\.[0-9]{1,9}\.[0-9]{1,9})")


def unchosen_step(change: Change) -> str | None:
    """The versions, ``3.225.7 → 4.16.0``, if the task definition makes such a step without a write mode."""
    if change.type != "aws_ecs_task_definition":
        return None
    old, _ = _langfuse(change.before)
    new, variables = _langfuse(change.after)
    if not (old and new) or int(new[2]) <= int(old[2]) or write_mode.WRITE_MODE in variables:
        return None
    return "another version" if change.hides("container_definitions") else f"{old[1]} → {new[1]}"


def _langfuse(definition: Mapping[str, Any]) -> tuple[re.Match[str] | None, set[str]]:
    """The version and the variables of Langfuse's container; none if they are known only after the apply."""
    for container in containers(definition):
        if version := IMAGE.search(container.image):
            return version, {variable.name for variable in container.environment or ()}
    return None, set()
