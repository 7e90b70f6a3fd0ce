"""Requests that IAM refuses because of a managed policy that does not exist."""

import json
from functools import cache

from ministack.services import iam
from moto.iam.aws_managed_policies import aws_managed_policies_data

from local.emulator.rules.rule import Request, refuses


@cache
def _policies_of_aws() -> frozenset[str]:
    """AWS's own managed policies, by path and name. Source: moto's copy of AWS's list."""
    policies = json.loads(aws_managed_policies_data)
    return frozenset(f"{policy['Path']}{name}" for name, policy in policies.items())


def _exists(arn: str) -> bool:
    account, _, name = arn.partition(":iam::")[2].partition(":policy")
    return name in _policies_of_aws() if account == "aws" else arn in iam._policies


@refuses("iam", "AttachRolePolicy", code="NoSuchEntity")
def attached_policy_not_found(request: Request) -> str | None:
    """See https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html."""
    arn = request["PolicyArn"]
    return None if _exists(arn) else f"Policy {arn} does not exist or is not attachable."


@refuses("iam", "CreateRole", "PutRolePermissionsBoundary", code="NoSuchEntity")
def boundary_not_found(request: Request) -> str | None:
    """See https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html."""
    arn = request.get("PermissionsBoundary")
    return None if not arn or _exists(arn) else f"Scope ARN: {arn} does not exist or is not attachable."
