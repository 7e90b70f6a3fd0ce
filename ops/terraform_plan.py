"""Reads the JSON that ``terraform show -json`` writes of a plan.

https://developer.hashicorp.com/terraform/internals/json-format
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

HOLDS_DATA = {
    "aws_backup_vault",
    "aws_db_instance",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_kms_key",
    "aws_rds_cluster",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_secretsmanager_secret_version",
}
KINDS = {
    ("create",): "add",
    ("update",): "change",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("delete",): "destroy",
    ("forget",): "forget",
    ("create", "forget"): "replace",
}


@dataclass(frozen=True)
class Change:
    """A change of a resource. ``record`` is its change object in the plan."""

    address: str
    type: str
    kind: str
    record: Mapping[str, Any]
    reason: str

    @property
    def loses_data(self) -> bool:
        """Whether the data that the resource holds is lost."""
        return self.type in HOLDS_DATA and self.kind in ("replace", "destroy")

    @property
    def arguments(self) -> list[str]:
        """The names of the arguments that change."""
        before, after = self.record["before"] or {}, self.record["after"] or {}
        unknown = self.record.get("after_unknown") or {}
        return sorted(name for name in before.keys() | after.keys() | unknown.keys() if _differs(name, self.record))

    @property
    def forced_by(self) -> str:
        """Why Terraform replaces it."""
        paths = [".".join(map(str, path)) for path in self.record.get("replace_paths", ())]
        return ", ".join(f"`{path}`" for path in paths) or self.reason.replace("_", " ") or "Terraform"


def _differs(name: str, record: Mapping[str, Any]) -> bool:
    before, after = record["before"] or {}, record["after"] or {}
    return bool((record.get("after_unknown") or {}).get(name)) or before.get(name) != after.get(name)


@dataclass(frozen=True)
class StackPlan:
    """The plan of a stack, or the stacks that must be applied before it can be planned."""

    stack: str
    changes: Sequence[Change]
    waits_for: Sequence[str] = ()


def read(path: Path) -> StackPlan:
    """Reads a plan. The file's name is the stack's name.

    Raises:
        typer.BadParameter: if the file is not a plan.
    """
    try:
        plan = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not JSON"
        raise typer.BadParameter(f"{path}: {reason}") from None
    if not isinstance(plan, dict) or not plan.keys() & {"resource_changes", "waits_for", "planned_values"}:
        raise typer.BadParameter(f"{path}: is not what `terraform show -json` writes of a plan")
    if plan.get("errored"):
        raise typer.BadParameter(f"{path}: is a plan that failed")
    return StackPlan(path.stem, list(_changes(plan)), plan.get("waits_for", ()))


def _changes(plan: Mapping[str, Any]) -> Iterator[Change]:
    for resource in plan.get("resource_changes", ()):
        kind = KINDS.get(tuple(resource["change"]["actions"]))
        if kind and resource["mode"] == "managed":
            reason = resource.get("action_reason", "")
            yield Change(resource["address"], resource["type"], kind, resource["change"], reason)
