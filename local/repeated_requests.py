"""Carries out a request once, though an SDK sends it again because its answer was lost on the way.

Under load, ministack's web server now and then drops a connection between a handler's success and its answer.
AWS knows a repeated request by its client token, ministack does not, and so would make a second thing.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]

REMEMBERED_ANSWERS = 1000


def carried_out_once(application: Application) -> Application:
    """The ASGI application, which gives a repeated request the answer that it has given before.

    All attempts of one call carry the same ``amz-sdk-invocation-id``. An answer that is no success is not
    remembered: SDKs repeat those on purpose. Only the last 1000 answers are remembered, since attempts follow
    each other within seconds.
    """
    answers: OrderedDict[bytes, list[Message]] = OrderedDict()

    async def answered(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        invocation = dict(scope.get("headers", [])).get(b"amz-sdk-invocation-id")
        if invocation is None:
            await application(scope, receive, send)
            return
        answer = answers.get(invocation, [])
        if answer:
            while (await receive()).get("more_body"):
                pass
        else:

            async def keep(message: Message) -> None:
                answer.append(message)

            await application(scope, receive, keep)
            # Before it is sent, since a lost answer is the one that is asked for again.
            if answer and answer[0]["status"] < 300:
                answers[invocation] = answer
            if len(answers) > REMEMBERED_ANSWERS:
                answers.popitem(last=False)
        for message in answer:
            await send(message)

    return answered
