"""Answers a request with AWS's error if AWS would refuse it, before it reaches ministack."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import sts
from moto.core.serialize import SerializationContext, get_serializer_class

from local.emulator.idempotency import Application, Message, Receive, Send
from local.emulator.model_check import NOT_NULL, Violation, violations
from local.emulator.requests import CREDENTIAL, AwsRequest, parse
from local.emulator.rules import RULES

# The error codes for parameters that violate the model, where a service does not use its protocol's.
VIOLATION_CODES = {
    "backup": "InvalidParameterValueException",
    "cloudfront": "InvalidArgument",
    "ecs": "InvalidParameterException",
    "elasticache": "InvalidParameterValue",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "s3": "MalformedXML",
    "sns": "InvalidParameter",
}
PROTOCOL_VIOLATION_CODES = {"query": "ValidationError", "ec2": "InvalidParameterValue", "rest-xml": "InvalidInput"}
UNREADABLE_CODES = {"query": "MalformedInput", "ec2": "InvalidParameterValue", "rest-xml": "MalformedXML"}
WITH_MISSING_PARAMETER = {"ec2", "elasticache", "rds"}


class AwsError(Exception):
    """The error with which AWS answers a request. ``status`` is HTTP's, where it is not that of AWS's model."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        # Some models name the member with a capital.
        self.Message = message


ErrorOf = Callable[[AwsRequest], AwsError | None]


def refusing(application: Application, error_of: ErrorOf) -> Application:
    """Wraps an ASGI application so that a request that AWS refuses gets AWS's error and does not reach it.

    Requests that are not signed, such as ministack's own, are passed on unchecked. A signed one whose operation is
    not known is passed on too, unless a session of a role has sent it: what it needs to be allowed is not known.

    Args:
        application: what answers the other requests.
        error_of: returns the error of a request, or None: ``rule_refusal``, for example.
    """

    async def handle(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
        if "authorization" not in headers:
            await application(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        request = parse(scope["method"], _target(scope), headers, b"".join(m.get("body", b"") for m in messages))
        error = request and error_of(request)
        if request and error:
            await _send_error(request, error, send)
            return
        if request is None and _of_session(headers["authorization"]):
            await _send_unknown(scope, send)
            return

        async def receive_again() -> Message:
            return messages.pop(0) if messages else await receive()

        await application(scope, receive_again, send)

    return handle


def first_of(*errors_of: ErrorOf) -> ErrorOf:
    """The error of the first of these functions that has one."""
    return lambda request: next((error for error_of in errors_of if (error := error_of(request))), None)


def model_refusal(request: AwsRequest) -> AwsError | None:
    """The error with which AWS refuses a request whose parameters violate its model of the operation, or None."""
    if request.unreadable:
        code = UNREADABLE_CODES.get(request.protocol, "SerializationException")
        return AwsError(code, f"The parameters of {request.operation.name} can't be read: {request.unreadable}")
    violated = list(violations(request.operation.input_shape, request.parameters))
    if violated:
        count = f"{len(violated)} validation error{'s'[: len(violated) > 1]} detected"
        return AwsError(_violation_code(request, violated[0]), f"{count}: {'; '.join(map(str, violated))}")
    return None


def rule_refusal(request: AwsRequest) -> AwsError | None:
    """The error with which AWS refuses a request that breaks one of the ``RULES``, or None."""
    set_request_account_id(request.access_key)
    set_request_region(request.region)
    for rule in RULES:
        if (rule.service, rule.operation) == (request.service, request.operation.name):
            message = rule.check(request.parameters)
            if message is not None:
                return AwsError(rule.code, message)
    return None


def _violation_code(request: AwsRequest, violation: Violation) -> str:
    if violation.constraint == NOT_NULL and request.service in WITH_MISSING_PARAMETER:
        return "MissingParameter"
    if request.service == "s3" and _in_header(request, violation):
        return "InvalidArgument"
    of_protocol = PROTOCOL_VIOLATION_CODES.get(request.protocol, "ValidationException")
    return VIOLATION_CODES.get(request.service, of_protocol)


def _in_header(request: AwsRequest, violation: Violation) -> bool:
    shape = request.operation.input_shape
    return shape is not None and "location" in shape.members[violation.parameter.partition(".")[0]].serialization


def _of_session(credential: str) -> bool:
    """Whether a session of a role has signed a request."""
    match = CREDENTIAL.search(credential)
    return bool(match and match["key"] in sts._sessions)


def _target(scope: Mapping[str, Any]) -> str:
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    target: bytes = path + b"?" + query if query else path
    return target.decode("latin-1")


async def _send_unknown(scope: Mapping[str, Any], send: Send) -> None:
    """Refuses a request whose operation is not known, so that nobody knows what its sender needs to be allowed."""
    body = f"the embedded AWS does not know the operation of {scope['method']} {_target(scope)}".encode()
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


async def _send_error(request: AwsRequest, error: AwsError, send: Send) -> None:
    request_id = str(uuid4())
    status, headers, body = _answer(request, error, request_id)
    headers |= {"x-amzn-requestid": request_id, "content-length": str(len(body))}
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _answer(request: AwsRequest, error: AwsError, request_id: str) -> tuple[int, dict[str, str], bytes]:
    serializer_class = get_serializer_class(request.service, request.protocol)
    serializer = serializer_class(request.operation, SerializationContext(request_id))
    with warnings.catch_warnings(action="ignore"):  # of codes that botocore's models lack
        answer = serializer.serialize(error)
    return error.status or answer["status_code"], dict(answer["headers"]), str(answer["body"]).encode()
