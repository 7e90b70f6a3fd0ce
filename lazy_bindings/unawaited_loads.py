"""Lets Python import while Node.js starts and loads.

jsii waits for Node.js to start and then for each assembly that it asks it to load, a third of a small app's time in
all, and uses nothing of the answers but what went wrong. Here Python goes on, and the answers are read when it first
needs Node.js for something else.
"""

import json
from typing import IO, Any, cast

from jsii._kernel.providers import process
from jsii._kernel.types import LoadRequest, LoadResponse
from jsii.errors import JSIIError


class UnawaitedProcess(process._NodeProcess):
    """A Node.js process whose greeting and whose answers to loads are read before the first answer that matters."""

    _greeted = False
    _unanswered_loads = 0

    def handshake(self) -> None:
        """Puts off what the first request does."""

    def send(self, request: Any, response_type: Any) -> Any:  # noqa: ANN401
        """Sends a request and, unless it is a load, waits for its answer.

        Raises:
            JSIIError: Node.js could not do it, or could not load what an earlier request asked for.
        """
        if isinstance(request, LoadRequest):
            self._unanswered_loads += 1
            stdin = cast("IO[bytes]", self._process.stdin)
            stdin.write(json.dumps(self._serializer.unstructure(request)).encode() + b"\n")
            stdin.flush()
            return LoadResponse(assembly=request.name, types=0)
        self._catch_up()
        return super().send(request, response_type)

    def _catch_up(self) -> None:
        if not self._greeted:
            self._greeted = True
            super().handshake()
        while self._unanswered_loads:
            self._unanswered_loads -= 1
            answer = self._next_message()
            if "error" in answer:
                raise JSIIError(answer["error"])


def replace_process() -> bool:
    """Makes jsii start such a Node.js, unless jsii has another shape than this module knows: then it returns False."""
    known = all(hasattr(process._NodeProcess, name) for name in ("handshake", "send", "_next_message"))
    if known:
        process._NodeProcess = UnawaitedProcess  # type: ignore[misc]
    return known
