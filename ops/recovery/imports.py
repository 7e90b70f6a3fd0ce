"""Imports what was found into the copy of a state."""

from collections.abc import Mapping
from typing import Any

from ops.environment import OpsError
from ops.recovery.stack_copy import StackCopy

HARMLESS = (["no-op"], ["read"])


def import_found(stack: StackCopy, plan: Mapping[str, Any]) -> dict[str, str]:
    """Imports into the copy of the state, and returns the import IDs that wait for others, by address.

    A resource waits if its arguments are made of another one that is neither in the state nor found exactly once:
    Terraform would create that one.

    Args:
        stack: the copy of the stack.
        plan: its plan with all imports.

    Raises:
        OpsError: if a plan for them alone changes anything else.
    """
    there = existing(stack.references, plan)
    waiting = {address: stack.imports.pop(address) for address in stack.imports.keys() - there}
    check(stack.name, stack.plan(*sorted(there)))
    stack.apply()
    stack.complete(stack.imports)
    return waiting


def existing(references: Mapping[str, set[str]], plan: Mapping[str, Any]) -> set[str]:
    """The addresses that are in the state or imported, and all that they are made of too.

    Args:
        references: for each address of the configuration, those that it is made of.
        plan: the plan with all imports.
    """
    there = {
        resource["address"]
        for resource in plan.get("resource_changes", [])
        if resource["mode"] == "managed" and not {"create", "delete"} & set(resource["change"]["actions"])
    } & references.keys()
    while incomplete := {address for address in there if references[address] - there}:
        there -= incomplete
    return there


def check(stack: str, plan: Mapping[str, Any]) -> None:
    """Checks that a plan imports, and changes nothing.

    Raises:
        OpsError: if it does more.
    """
    more = [
        f"{'/'.join(change['change']['actions'])} {change['address']}"
        for change in plan.get("resource_changes", [])
        if change["change"]["actions"] not in HARMLESS
    ]
    if more:
        raise OpsError(f"{stack}: the imports would come with changes ({', '.join(more)}): nothing was imported")
