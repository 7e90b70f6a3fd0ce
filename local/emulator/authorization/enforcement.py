"""Refuses what the policies of a role do not allow, as AWS does.

Requests by the root user, whose access key is ``test``, are only recorded: it may do everything.
"""

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import AuthError, EvalContext, EvalResult, PrincipalInfo
from ministack.core.responses import get_account_id, set_request_account_id, set_request_region
from ministack.services import iam

from local.emulator.authorization.checks import Check, UnknownActionError, checks
from local.emulator.authorization.recorder import Recorder
from local.emulator.authorization.trust import role_trusts_caller
from local.emulator.refusals import AwsError
from local.emulator.requests import AwsRequest

ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}
"""No policy can deny it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""

# The codes with which AWS refuses, where they are not those of the protocol.
CODES = {"ec2": "UnauthorizedOperation", "s3": "AccessDenied", "sns": "AuthorizationError"}
XML_PROTOCOLS = ("ec2", "query", "rest-xml")
STATUSES = {"json": 400}
FORBIDDEN = 403


class Authorization:
    """Evaluates and records requests."""

    def __init__(self) -> None:
        self.recorder = Recorder()

    def refusal(self, request: AwsRequest) -> AwsError | None:
        """The error with which AWS refuses what the caller's policies do not allow, or None."""
        set_request_account_id(request.access_key)
        set_request_region(request.region)
        principal = iam_evaluator.resolve_principal(request.access_key, get_account_id())
        if isinstance(principal, AuthError):
            return AwsError(principal.code, principal.message, FORBIDDEN)
        try:
            found = checks(request)
        except UnknownActionError as unknown:
            # Recorded too, so that no policy is derived without it.
            found = [Check(request.operation.name, "*", {})]
            self.recorder.record(request, found, principal.arn, refused=principal.policies is not None)
            return None if principal.policies is None else _error(request, f"User: {principal.arn}: {unknown}")
        message = None
        if principal.policies is not None:
            message = next((text for check in found if (text := _refusal(check, principal, request))), None)
        self.recorder.record(request, found, principal.arn, refused=message is not None)
        if message is None and (request.service, request.operation.name) == ("sts", "AssumeRole"):
            message = _untrusted(request, principal)
        return None if message is None else _error(request, message)


def _untrusted(request: AwsRequest, principal: PrincipalInfo) -> str | None:
    arn = request.parameters["RoleArn"]
    role = iam._roles.get(arn.rpartition("/")[2])
    if role and role_trusts_caller(role, principal):
        return None
    return f"User: {principal.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"


def _error(request: AwsRequest, message: str) -> AwsError:
    of_protocol = "AccessDenied" if request.protocol in XML_PROTOCOLS else "AccessDeniedException"
    return AwsError(CODES.get(request.service, of_protocol), message, STATUSES.get(request.protocol, FORBIDDEN))


def _refusal(check: Check, principal: PrincipalInfo, request: AwsRequest) -> str | None:
    """Why a check fails, in AWS's words, or None if it does not.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    if check.action in ALWAYS_ALLOWED:
        return None
    result = evaluate(check, principal, request.region)
    if result.decision == "Allow":
        return None
    prefix = "You are not authorized to perform this operation. " if request.service == "ec2" else ""
    who = f"{prefix}User: {principal.arn} is not authorized to perform: {check.action} on resource: {check.resource}"
    context = _context(check, principal, request.region)
    if result.decision == "Deny":
        of_resource = "a resource-based" if result.resource_policy_arn else None
        of_identity = iam_evaluator.evaluate(context, principal.policies or []).decision == "Deny"
        kind = of_resource or ("an identity-based" if of_identity else "a permissions boundary or session")
        return f"{who} with an explicit deny in {kind} policy"
    if iam_evaluator.evaluate(context, principal.policies or []).decision == "Allow":
        return f"{who} because no permissions boundary allows the {check.action} action"
    return f"{who} because no identity-based policy allows the {check.action} action"


def evaluate(check: Check, principal: PrincipalInfo, region: str) -> EvalResult:
    """What the policies of a role's session decide: its own, the boundary's, the session's and the resource's."""
    context = _context(check, principal, region)
    result = iam_evaluator.evaluate(context, principal.policies or [], *principal.limits)
    service = check.action.partition(":")[0]
    found = iam_evaluator._resource_policy(service, check.resource)
    if found is None:
        return result
    required = service in iam_evaluator._POLICY_REQUIRED
    return iam_evaluator.combine_resource_policy(
        result, context, *found, required=required, limits=tuple(principal.limits)
    )


def _context(check: Check, principal: PrincipalInfo, region: str) -> EvalContext:
    return EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=check.action,
        resource_arn=check.resource,
        region=str(check.context.get("aws:requestedregion", region)),
        # The embedded AWS stands for endpoints that have TLS.
        secure_transport=True,
        # Without tags in the request, there is no key aws:TagKeys.
        service_context={"aws:tagkeys": None, **check.context},
        principal_keys=principal.keys,
    )
