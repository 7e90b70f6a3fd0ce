"""Plans as Terraform writes them, made by hand, and reviews of them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.command_line import Ran, ops_in_process

Json = dict[str, Any]
TYPE = re.compile(r"(?:^|[.])(aws_\w+)[.]")
ACTIONS = {
    "none": ["no-op"],
    "add": ["create"],
    "change": ["update"],
    "replace": ["delete", "create"],
    "destroy": ["delete"],
    "forget": ["forget"],
}


def resource(address: str, kind: str, before: Json | None = None, after: Json | None = None, **others: Any) -> Json:
    """A change of a resource. ``others`` are fields of its change object, such as ``after_unknown``."""
    change = {
        "actions": ACTIONS[kind],
        "before": None if kind == "add" else before or {},
        "after": None if kind in ("destroy", "forget") else after or {},
        "after_unknown": {},
        "before_sensitive": {},
        "after_sensitive": {},
        **others,
    }
    return {"address": address, "mode": "managed", "type": TYPE.findall(address)[0], "change": change}


def plan(*resources: Json, **others: Any) -> Json:
    """A plan with these changes."""
    return {"format_version": "1.2", "planned_values": {}, "resource_changes": list(resources), **others}


def review(folder: Path, plans: Mapping[str, Json], *options: str) -> Ran:
    """Runs ``ops plan-review`` on the plans, by the names of their stacks."""
    files = [folder / f"{stack}.json" for stack in plans]
    for file, document in zip(files, plans.values(), strict=True):
        file.write_text(json.dumps(document))
    return ops_in_process("plan-review", *map(str, files), *options, environment={})
