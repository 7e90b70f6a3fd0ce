"""Steps to another major version of Langfuse in a plan, for which nobody chose how Langfuse is to write its data."""

import json
import re
from typing import Any

from ops.terraform_plan import Change
from settings import write_mode

IMAGE = re.compile(r"langfuse/langfuse(?:-worker)?:((\d+)\.\d+\.\d+)")


def unchosen_step(change: Change) -> str | None:
    """The versions, ``3.225.7 → 4.16.0``, if the task definition makes such a step without a write mode."""
    if change.type != "aws_ecs_task_definition":
        return None
    old, _ = _langfuse(change.record["before"])
    new, variables = _langfuse(change.record["after"])
    if not (old and new) or int(new[2]) <= int(old[2]) or write_mode.WRITE_MODE in variables:
        return None
    return f"{old[1]} → {new[1]}"


def _langfuse(definition: Any) -> tuple[re.Match[str] | None, set[str]]:  # noqa: ANN401
    """The version and the variables of Langfuse's container; none if they are known only after the apply."""
    for container in json.loads((definition or {}).get("container_definitions") or "[]"):
        if version := IMAGE.search(container.get("image", "")):
            return version, {variable["name"] for variable in container.get("environment", ())}
    return None, set()
