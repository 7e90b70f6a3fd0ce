"""What RDS and ElastiCache have accepted to change, and have not changed yet."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def of_database(instance: Mapping[str, Any]) -> str:
    """The pending changes of an instance that RDS has described; empty if there are none."""
    return _shown(instance.get("PendingModifiedValues", {}), instance.get("PreferredMaintenanceWindow", ""))


def of_redis(group: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> str:
    """The pending changes of a replication group and of its nodes that ElastiCache has described; empty if none."""
    pending = dict(group.get("PendingModifiedValues", {}))
    for node in nodes:
        pending |= node.get("PendingModifiedValues", {})
    return _shown(pending, nodes[0].get("PreferredMaintenanceWindow", "") if nodes else "")


def _shown(pending: Mapping[str, Any], maintenance_window: str) -> str:
    if not pending:
        return ""
    changes = ", ".join(f"{name} {_value(name, value)}".rstrip() for name, value in pending.items())
    return f"{changes}; maintenance window {maintenance_window or 'unknown'} UTC"


def _value(name: str, value: object) -> str:
    """The new value, as AWS writes it; nothing of a password."""
    if "Password" in name:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)
