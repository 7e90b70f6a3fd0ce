"""Makes AWS fail as it sometimes does: too many requests, internal errors, a state that can't be written.

``POST`` of a JSON object to ``FAILURES_PATH`` sets what fails from now on:

- ``rate``: the share of the requests that fail. Half of them are throttled; the others get an internal error.
- ``seed``: of the random numbers that decide.
- ``unwritable``: the key of an object in S3 that nobody may write.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from local.embedded_aws import FAILURES_PATH
from local.emulator.controls import controlled
from local.emulator.idempotency import Application, Receive, Send
from local.emulator.refusals import AwsError, refusing
from local.emulator.requests import AwsRequest

THROTTLED = {"ec2": ("RequestLimitExceeded", 503), "s3": ("SlowDown", 503)}
"""The code and status of services that have their own. An answer to S3's HEAD has no code: clients go by the status.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"""


class Failures:
    """What fails."""

    def __init__(self, rate: float = 0, seed: int = 0, unwritable: str = "") -> None:
        self._rate = rate
        self._random = Random(seed)  # noqa: S311  not for secrets
        self._unwritable = unwritable
        self.expected = bool(rate or unwritable)

    def error(self, request: AwsRequest) -> AwsError | None:
        """The error that the request gets, or None."""
        if request.operation.name == "PutObject" and request.parameters.get("Key") == self._unwritable:
            return AwsError("AccessDenied", "Access Denied", status=403)
        number = self._random.random()
        if number < self._rate / 2:
            code, status = THROTTLED.get(request.service, ("ThrottlingException", 400))
            return AwsError(code, "Rate exceeded", status)
        if number < self._rate:
            return AwsError("InternalError", "We encountered an internal error. Please try again.", status=500)
        return None


def with_failures(application: Application) -> Application:
    """Wraps an ASGI application so that requests fail, once ``FAILURES_PATH`` says so."""
    failures = Failures()
    failing = refusing(application, lambda request: failures.error(request))

    async def handle(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        await (failing if failures.expected else application)(scope, receive, send)

    def expect(what: Mapping[str, Any]) -> None:
        nonlocal failures
        failures = Failures(**what)

    return controlled(handle, {FAILURES_PATH: expect})
