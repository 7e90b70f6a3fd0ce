"""Calls that a role must be able to make, though no deploy onto an embedded AWS makes them: each with its source."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from access.calls import Call
from access.policies import Role

FILE = Path(__file__).with_name("unseen.toml")


def unseen_calls(role: Role) -> Iterator[Call]:
    """The calls of a role that ``unseen.toml`` lists."""
    for entry in tomllib.loads(FILE.read_text())["call"]:
        if role in entry["roles"]:
            conditions = [
                (operator, key, value)
                for operator, keys in entry.get("if", {}).items()
                for key, values in keys.items()
                for value in values
            ]
            for action in entry["actions"]:
                for resource in entry["on"]:
                    yield Call(action, resource, tuple(sorted(conditions)))
