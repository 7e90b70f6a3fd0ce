"""Adds a service that ministack lacks, whose protocol is JSON with the action in the header ``X-Amz-Target``."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json, json_response
from ministack.core.router import SERVICE_PATTERNS

from local.emulator.ministack_gaps import Answer

Request = dict[str, Any]
Response = dict[str, Any]
Action = Callable[[Request], Response]


class ServiceError(Exception):
    """The error with which an action answers."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def add_json_service(name: str, target_prefix: str, actions: Mapping[str, Action]) -> None:
    """Makes ministack answer requests for a service.

    Args:
        name: the name under which requests to the service are signed.
        target_prefix: how the header ``X-Amz-Target`` starts; a dot and the action follow.
        actions: what answers each action; it may raise ``ServiceError``.
    """

    async def handle_request(
        _method: str, _path: str, headers: Mapping[str, str], body: bytes, _query: object
    ) -> Answer:
        action = headers["x-amz-target"].rpartition(".")[2]
        answer: Answer
        try:
            if action not in actions:
                raise ServiceError("UnknownOperationException", action)
            answer = json_response(actions[action](json.loads(body)))
        except ServiceError as error:
            answer = error_response_json(error.code, str(error))
        return answer

    # Without its pattern, ministack would load botocore's models of all services to recognize this one (3 s).
    SERVICE_PATTERNS[name] = {"target_prefixes": [target_prefix]}
    app.SERVICE_HANDLERS[name] = handle_request
