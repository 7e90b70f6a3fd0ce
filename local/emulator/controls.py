"""The paths at which tests say what the embedded AWS should do from now on."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.idempotency import Application, Receive, Send


def controlled(application: Application, controls: Mapping[str, Callable[[Any], None]]) -> Application:
    """Wraps an ASGI application so that ``POST`` of JSON to one of the paths calls its function with the value."""

    async def handle(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        control = controls.get(str(scope.get("path")))
        if control is None:
            await application(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        control(json.loads(body))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    return handle
