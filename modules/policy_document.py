"""IAM policy documents as short Python."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

VERSION = "2012-10-17"


class Allow(NamedTuple):
    """One statement of what is allowed, on which resources, under which conditions."""

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, str | Sequence[str]]] = {}

    def statement(self) -> dict[str, object]:
        """The statement as IAM writes it."""
        document: dict[str, object] = {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        return {**document, "Condition": self.conditions} if self.conditions else document


def policy_document(*statements: Allow) -> str:
    """A policy that allows these and nothing else."""
    return json.dumps({"Version": VERSION, "Statement": [statement.statement() for statement in statements]})


def trust_document(service: str) -> str:
    """A role's trust policy: only ``service`` may take the role on."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": VERSION, "Statement": [statement]})
