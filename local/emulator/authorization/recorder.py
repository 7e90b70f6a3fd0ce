"""Remembers what AWS authorized, so that the policies of roles can be derived from it."""

import json
import re
from collections.abc import Iterable
from typing import Any

from local.emulator.authorization.checks import Check
from local.emulator.requests import AwsRequest

TERRAFORM = "Terraform/"
"""In the User-Agent of the provider and of the backend."""
PROGRAM = re.compile(r"(?:^| )app/(\S+)")
"""In the User-Agent, the value of AWS_SDK_UA_APP_ID.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html"""


class Recorder:
    """The calls since they were last asked for: each operation with the same checks, by the same caller, once.

    It has names, ARNs and tags, but no other values of parameters: no secrets.
    """

    def __init__(self) -> None:
        self._calls: dict[str, dict[str, Any]] = {}

    def record(self, request: AwsRequest, checks: Iterable[Check], caller: str, *, refused: bool) -> None:
        """Adds a call, by the ARN of its caller, if there is none like it."""
        call = {
            "service": request.service,
            "operation": request.operation.name,
            "caller": caller,
            "program": program[1] if (program := PROGRAM.search(request.user_agent)) else "",
            "terraform": TERRAFORM in request.user_agent,
            "refused": refused,
            "checks": [[check.action, check.resource, check.context] for check in checks],
        }
        self._calls.setdefault(json.dumps(call, sort_keys=True), call)

    def take(self) -> list[dict[str, Any]]:
        """The calls, in the order of their first requests. The next answer has only those after this one."""
        calls, self._calls = self._calls, {}
        return list(calls.values())
