"""Answers a repeated request with the answer to its first attempt.

Under load, ministack's web server sometimes closes a connection after a handler has succeeded and before its answer
is sent. SDKs then send the request again. AWS recognizes it by its client token; ministack does not, and would create
a second resource.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]

STORED_ANSWERS = 1000


def idempotent(application: Application) -> Application:
    """Wraps an ASGI application so that a repeated request gets the stored answer and does not reach it again.

    SDKs send the same ``amz-sdk-invocation-id`` with all attempts of a call. Error answers are not stored, since an
    SDK repeats those calls in order to get another answer. The last 1000 answers are enough, since an SDK repeats a
    request within seconds.
    """
    answers: OrderedDict[bytes, list[Message]] = OrderedDict()

    async def handle(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        invocation_id = dict(scope.get("headers", [])).get(b"amz-sdk-invocation-id")
        if invocation_id is None:
            await application(scope, receive, send)
            return
        answer = answers.get(invocation_id, [])
        if answer:
            while (await receive()).get("more_body"):
                pass
        else:

            async def append(message: Message) -> None:
                answer.append(message)

            await application(scope, receive, append)
            # Stored before it is sent: the SDK repeats the request if sending fails.
            if answer and answer[0]["status"] < 300:
                answers[invocation_id] = answer
            if len(answers) > STORED_ANSWERS:
                answers.popitem(last=False)
        for message in answer:
            await send(message)

    return handle
