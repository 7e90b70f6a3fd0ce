"""Evaluates IAM policies for tests, with the evaluator of the embedded AWS."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

ACCOUNT = "123456789012"


def allows(
    policies: Iterable[Mapping[str, Any]],
    action: str,
    resource: str,
    context: Mapping[str, str] | None = None,
    *,
    boundary: Mapping[str, Any] | None = None,
) -> bool:
    """Whether the policies together allow an action on a resource, within the permissions boundary if there is one.

    ``context`` has the condition keys of the request. The Region is that of the resource, or us-east-1.
    """
    given = {key.lower(): value for key, value in (context or {}).items()}
    parts = resource.split(":")
    request = EvalContext(
        principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/any/session",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region=given.get("aws:requestedregion") or (parts[3] if len(parts) > 3 else "") or "us-east-1",
        service_context=given,
    )
    limits = [[parse_policy_document(json.dumps(boundary))]] if boundary else []
    documents = [parse_policy_document(json.dumps(policy)) for policy in policies]
    return bool(evaluate(request, documents, *limits).decision == "Allow")
