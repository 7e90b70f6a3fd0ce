"""Calls that a role must be able to make, though no recorded deploy makes them: two tables, with their sources."""

import tomllib
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

from access.calls import RESOURCE_TAGS, Call
from access.calls_file import conditions
from access.policies import Role

FILE = Path(__file__).with_name("unseen.toml")
UPDATES_FILE = Path(__file__).with_name("updates.toml")
VIA_SERVICE = "kms:ViaService"


def needed_calls(role: Role, recorded: Iterable[Call]) -> set[Call]:
    """The recorded calls of a role, and those that follow from them, from ``updates.toml`` or ``unseen.toml``."""
    return {
        *recorded,
        *_with_a_given_key(recorded),
        *_with_a_later_boundary(recorded),
        *_updates(recorded),
        *unseen_calls(role),
    }


def _with_a_given_key(recorded: Iterable[Call]) -> Iterator[Call]:
    """What services do with the key that the stacks make they do with the one that ``encryption.kms`` names."""
    for call in recorded:
        if call.resource.endswith(":key/*") and any(key == VIA_SERVICE for _, key, _ in call.conditions):
            kept = tuple(condition for condition in call.conditions if condition not in RESOURCE_TAGS)
            yield call._replace(resource="<kms_key_arn>", conditions=kept)


def _with_a_later_boundary(recorded: Iterable[Call]) -> Iterator[Call]:
    """The boundary of a role that was made before the environment had the stack ``access``."""
    for call in recorded:
        if call.action == "iam:CreateRole":
            yield call._replace(action="iam:PutRolePermissionsBoundary")


def _updates(recorded: Iterable[Call]) -> Iterator[Call]:
    """The changes of what recorded calls make."""
    like = tomllib.loads(UPDATES_FILE.read_text())
    for call in recorded:
        for action, recorded_action in like.items():
            if call.action == recorded_action:
                yield call._replace(action=action)


def unseen_calls(role: Role) -> Iterator[Call]:
    """The calls of a role that ``unseen.toml`` lists."""
    for entry in tomllib.loads(FILE.read_text())["call"]:
        if role in entry["roles"]:
            for action, resource in product(entry["actions"], entry["on"]):
                yield Call(action, resource, tuple(conditions(entry.get("if", {}))))
