"""Lets Python import modules while Node.js starts and loads assemblies.

jsii waits until Node.js has started and then for the answer to each load request, a third of a small app's time. It
uses the answers only to report errors. Here, Python continues at once and reads the answers before the first request
of another kind.
"""

import json
from typing import IO, Any, cast

from jsii._kernel.providers import process
from jsii._kernel.types import LoadRequest, LoadResponse
from jsii.errors import JSIIError


class UnawaitedProcess(process._NodeProcess):
    """A Node.js process whose greeting and answers to load requests are read before the first other request."""

    _greeted = False
    _unanswered_loads = 0

    def handshake(self) -> None:
        """Does nothing: ``send`` does the handshake before the first request that is not a load request."""

    def send(self, request: Any, response_type: Any) -> Any:  # noqa: ANN401
        """Sends a request and, unless it is a load request, waits for its answer.

        Raises:
            JSIIError: If Node.js reports that this request, or an earlier load request, failed.
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
    """Makes jsii use ``UnawaitedProcess``. Returns False, without a change, if jsii's class lacks a needed method."""
    known = all(hasattr(process._NodeProcess, name) for name in ("handshake", "send", "_next_message"))
    if known:
        process._NodeProcess = UnawaitedProcess  # type: ignore[misc]
    return known
