"""The paths at which tests say what the embedded AWS should do from now on."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.idempotency import Application, Receive, Send


def controlled(application: Application, controls: Mapping[str, Callable[[Any], object]]) -> Application:
    """Wraps an ASGI application so that ``POST`` of JSON to one of the paths calls its function with the value.

    The answer is what the function returns, as JSON, if that is not None.
    """

    async def handle(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        control = controls.get(str(scope.get("path")))
        if control is None:
            await application(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        answer = control(json.loads(body))
        content = b"" if answer is None else json.dumps(answer).encode()
        await send({"type": "http.response.start", "status": 200 if content else 204, "headers": []})
        await send({"type": "http.response.body", "body": content})

    return handle
