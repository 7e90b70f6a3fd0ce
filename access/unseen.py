"""Calls that a role must be able to make, though no deploy onto an embedded AWS makes them: each with its source."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from access.calls import RESOURCE_TAGS, Call
from access.policies import Role

FILE = Path(__file__).with_name("unseen.toml")
VIA_SERVICE = "kms:ViaService"


def needed_calls(role: Role, recorded: Iterable[Call]) -> set[Call]:
    """The recorded calls of a role, and those that follow from them or from ``unseen.toml``."""
    return {*recorded, *_with_a_given_key(recorded), *_with_a_later_boundary(recorded), *unseen_calls(role)}


def _with_a_given_key(recorded: Iterable[Call]) -> Iterator[Call]:
    """What services do with the key that the stacks make, with the key that ``encryption.kms`` names in its place."""
    for call in recorded:
        if call.resource.endswith(":key/*") and any(key == VIA_SERVICE for _, key, _ in call.conditions):
            conditions = tuple(condition for condition in call.conditions if condition not in RESOURCE_TAGS)
            yield call._replace(resource="<kms_key_arn>", conditions=conditions)


def _with_a_later_boundary(recorded: Iterable[Call]) -> Iterator[Call]:
    """The boundary of a role that was made before the environment had the stack ``access``."""
    for call in recorded:
        if call.action == "iam:CreateRole":
            yield call._replace(action="iam:PutRolePermissionsBoundary")


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
