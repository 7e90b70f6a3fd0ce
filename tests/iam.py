"""Evaluates IAM policies for tests, with the evaluator of the embedded AWS."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

ACCOUNT = "123456789012"


class Request(NamedTuple):
    """A request of a role: an action on a resource, with the values of condition keys.

    Its Region is ``aws:RequestedRegion``, else that of the resource, else us-east-1.
    """

    action: str
    resource: str
    context: Mapping[str, str] = {}

    @property
    def region(self) -> str:
        of_resource = (self.resource.split(":") + [""] * 4)[3]
        return self.context.get("aws:RequestedRegion") or of_resource or "us-east-1"


def allows(policies: Iterable[Mapping[str, Any]], request: Request) -> bool:
    """Whether the policies together allow a request."""
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/any/session",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=request.action,
        resource_arn=request.resource,
        region=request.region,
        # The evaluator's keys are in lower case.
        service_context={key.lower(): value for key, value in request.context.items()},
    )
    return bool(evaluate(context, [_parsed(json.dumps(policy)) for policy in policies]).decision == "Allow")


@cache
def _parsed(document: str) -> Any:
    return parse_policy_document(document)
