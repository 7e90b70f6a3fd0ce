"""Decides who may assume a role, by its trust policy.

ministack 1.5 evaluates trust policies only where it enforces all policies, and does not ask whether IAM knows the
identity provider, and whether the token is meant for AWS.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext, PrincipalInfo
from ministack.core.responses import get_account_id, set_request_account_id
from ministack.services import iam

from local.emulator.idempotency import Application, Message, Receive, Send
from settings.arns import OIDC_ISSUER

ACTION = "sts:AssumeRoleWithWebIdentity"
CONDITION_CLAIMS = ("aud", "sub", "amr")
"""The claims that are condition keys for a provider that AWS does not know.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html"""
GITHUB_CLAIMS = (
    *("actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref"),
    *("ref", "repository", "repository_id", "workflow"),
)
"""Those that are condition keys for GitHub's too, in the partition ``aws``.
https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/"""


def role_trusts_caller(role: Mapping[str, Any], principal: PrincipalInfo) -> bool:
    """Whether the trust policy of a role lets a caller assume it."""
    context = EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action="sts:AssumeRole",
        resource_arn=role["Arn"],
        region="us-east-1",
        principal_keys=principal.keys,
    )
    return bool(iam_evaluator.evaluate_trust_policy(role["AssumeRolePolicyDocument"], principal.arn, context))


def trusting(application: Application) -> Application:
    """Wraps an ASGI application so that AssumeRoleWithWebIdentity is refused as AWS refuses it. It is not signed."""

    async def handle(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        names = {name.lower() for name, _ in scope.get("headers", [])}
        if scope.get("method") != "POST" or scope.get("path") != "/" or b"authorization" in names:
            await application(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        error = _refusal(b"".join(message.get("body", b"") for message in messages))
        if error:
            await _send_error(*error, send)
            return

        async def receive_again() -> Message:
            return messages.pop(0) if messages else await receive()

        await application(scope, receive_again, send)

    return handle


def _refusal(body: bytes) -> tuple[str, str] | None:
    """The code and message of the error of AssumeRoleWithWebIdentity, or None, also for other requests."""
    parameters = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    if parameters.get("Action") != "AssumeRoleWithWebIdentity":
        return None
    set_request_account_id("")
    claims = _claims(parameters.get("WebIdentityToken", ""))
    if claims is None:
        return (
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    host = str(claims.get("iss", "")).partition("://")[2].rstrip("/")
    provider = iam._oidc_providers.get(f"arn:aws:iam::{get_account_id()}:oidc-provider/{host}")
    if provider is None:
        return "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for https://{host}"
    audiences = claims.get("aud")
    if not set([audiences] if isinstance(audiences, str) else audiences or []) & set(provider["ClientIDList"]):
        return "InvalidIdentityToken", "Incorrect token audience"
    role = iam._roles.get(parameters.get("RoleArn", "").rpartition("/")[2])
    if role is None or not _role_trusts_token(role, provider["Arn"], host, claims):
        return "AccessDenied", f"Not authorized to perform {ACTION}"
    if int(parameters.get("DurationSeconds", 3600)) > role["MaxSessionDuration"]:
        return "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    return None


def _role_trusts_token(role: Mapping[str, Any], provider_arn: str, host: str, claims: Mapping[str, Any]) -> bool:
    keys = (*CONDITION_CLAIMS, *(GITHUB_CLAIMS if host == OIDC_ISSUER else ()))
    context = EvalContext(
        principal_arn=provider_arn,
        principal_type="WebIdentityUser",
        principal_account=get_account_id(),
        action=ACTION,
        resource_arn=role["Arn"],
        region="us-east-1",
        service_context={f"{host}:{name}": claims[name] for name in keys if name in claims},
    )
    return bool(iam_evaluator.evaluate_trust_policy(role["AssumeRolePolicyDocument"], provider_arn, context))


def _claims(token: str) -> Mapping[str, Any] | None:
    """The claims of a token. Its signature is not checked: tests make tokens up."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


async def _send_error(code: str, message: str, send: Send) -> None:
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{escape(message)}</Message></Error><RequestId>{uuid4()}</RequestId></ErrorResponse>"
    ).encode()
    status = 403 if code == "AccessDenied" else 400
    headers = [(b"content-type", b"text/xml"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
