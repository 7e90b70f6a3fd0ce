"""Reads and writes the file of the recorded calls. Conditions are stored as in a policy."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from access.calls import Call, Calls, Condition
from access.policies import ROLES

CALLS_FILE = Path(__file__).with_name("calls.json")


def read_calls() -> Calls:
    """The calls that were recorded, of each role."""
    stored = json.loads(CALLS_FILE.read_text())
    return {
        role: frozenset(
            Call(action, entry["on"], tuple(conditions(entry.get("if", {}))))
            for action, entries in stored[role].items()
            for entry in entries
        )
        for role in ROLES
    }


def conditions(stored: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Condition]:
    """The conditions of an element like ``Condition`` of a policy."""
    return sorted(
        (operator, key, value) for operator, keys in stored.items() for key, values in keys.items() for value in values
    )


def as_condition(given: Iterable[Condition]) -> dict[str, dict[str, list[str]]]:
    """The conditions as the element ``Condition`` of a policy."""
    element: dict[str, dict[str, list[str]]] = {}
    for operator, key, value in sorted(given):
        element.setdefault(operator, {}).setdefault(key, []).append(value)
    return element


def write_calls(calls: Calls) -> None:
    """Stores the calls, each in a line."""
    roles = [f"  {json.dumps(role)}: {{\n{_actions(calls[role])}\n  }}" for role in ROLES]
    CALLS_FILE.write_text("{\n" + ",\n".join(roles) + "\n}\n")


def _actions(calls: Iterable[Call]) -> str:
    lines: dict[str, list[str]] = {}
    for action, resource, given in sorted(calls):
        entry = {"on": resource, **({"if": as_condition(given)} if given else {})}
        lines.setdefault(action, []).append(f"      {json.dumps(entry)}")
    return ",\n".join(
        f"    {json.dumps(action)}: [\n" + ",\n".join(entries) + "\n    ]" for action, entries in lines.items()
    )
