"""Finds what AWS has of the resources that a stack's next deploy would create.

The IDs of what is found become known in the next plan, and with them what belongs to it: a VPC's subnets, for example.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from modules.identity import IDENTITIES
from ops.environment import Environment, OpsError
from ops.recovery.lookups import creations, look_up
from ops.recovery.stack_copy import ADDRESS, StackCopy
from ops.recovery.unread import write_only
from ops.terraform import CommandError

REVISIONS = "aws_ecs_task_definition"
"""AWS keeps all revisions of one, and the next deploy takes the newest."""


@dataclass
class Found:
    """What was found for the addresses of a stack.

    Args:
        plan: the last plan, with all imports.
        added: the IDs of what was added to the state instead of an import.
        doubled: the IDs of what AWS has more than once.
        refused: why Terraform can't import a resource.
        problems: why AWS did not answer.
    """

    plan: Mapping[str, Any] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)
    doubled: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def find(environment: Environment, stack: StackCopy, taken: set[tuple[str, str]]) -> Found:
    """Adds what is found exactly once to the stack's imports, in rounds, until nothing new is found.

    Args:
        environment: the environment.
        stack: the copy of the stack.
        taken: the type and import ID of what is in the stack's state, under whatever address.

    Raises:
        OpsError: if the stack can't be planned.
    """
    found = Found()
    while True:
        found.plan = _plan(stack, found.refused)
        settled = stack.imports.keys() | found.doubled.keys() | found.refused.keys()
        wanted = {address: values for address, values in creations(found.plan) if address not in settled}
        news = False
        for address, answer in look_up(environment, wanted).items():
            type_ = address.partition(".")[0]
            ids = [id_ for id_ in answer.ids if (type_, id_) not in taken]
            if type_ == REVISIONS:
                ids = ids[:1]
            if answer.problem:
                found.problems[address] = answer.problem
            elif len(ids) > 1:
                found.doubled[address] = ids
            elif ids:
                news = True
                taken.add((type_, ids[0]))
                if IDENTITIES[type_].instead_of_import is None:
                    stack.imports[address] = ids[0]
                else:
                    found.added[address] = ids[0]
                    stack.add(address, _attributes(stack, address, wanted[address], ids[0]))
        if not news:
            return found


def _attributes(stack: StackCopy, address: str, planned: Mapping[str, Any], id_: str) -> dict[str, Any]:
    """What is put into the state of a resource that must not be imported."""
    instead = IDENTITIES[address.partition(".")[0]].instead_of_import or {}
    return {**planned, **instead, **write_only(stack.configured[address]), "id": id_}


def _plan(stack: StackCopy, refused: dict[str, str]) -> dict[str, Any]:
    """A plan without the imports that Terraform refuses, which are added to ``refused``."""
    while True:
        try:
            return stack.plan()
        except CommandError as error:
            diagnostics = list(errors(error.output))
            named = {
                address: text for text in diagnostics for address in ADDRESS.findall(text) if address in stack.imports
            }
            if not named:
                raise OpsError(f"{stack.name} can't be planned: {'; '.join(diagnostics) or error}") from None
            refused |= named
            for address in named:
                del stack.imports[address]


def errors(output: str) -> Iterator[str]:
    """The errors in what Terraform prints with ``-json``, each with the address of its resource."""
    for line in output.splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            continue
        diagnostic = message.get("diagnostic", {}) if isinstance(message, dict) else {}
        if diagnostic.get("severity") == "error":
            parts = (diagnostic.get("address", ""), diagnostic.get("summary", ""), diagnostic.get("detail", ""))
            yield re.sub(r"\s+", " ", ": ".join(filter(None, parts)))
