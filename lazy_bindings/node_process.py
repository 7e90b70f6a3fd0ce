"""Lets Python and jsii's Node.js start and work with less waiting.

* jsii waits until Node.js has started, and then for the answer to each load request, a third of a small app's time. It
  uses the answers only to report errors. Here, Python continues at once, and reads the answers before the first request
  of another kind.
* jsii starts two processes: its runtime, and the program that does the work. All that the program and Python say goes
  through the runtime, which adds what the program prints. Here, Python starts the program, and talks with it directly.
* When jsii first loads a package, a worker thread writes an index of it, with which all later starts read 3 MB instead
  of 120, and need a sixth of the memory. jsii ends Node.js as soon as Python ends, which in a short synth is before the
  index is written, each time. Here, Python waits for it (``preload.cjs`` does the same in Node.js).
"""

import json
import subprocess
import sys
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, cast

import jsii._embedded.jsii as embedded
from jsii._kernel.providers import process
from jsii._kernel.types import LoadRequest, LoadResponse
from jsii.errors import JSIIError

PROGRAM = "lib/program.js"
THROUGH_RUNTIME, DIRECTLY = "readFD:3,writeFD:3", "readFD:0,writeFD:1"
INDEX_SECONDS = 20
"""How long Node.js may take to end. The index of the AWS provider takes 5 seconds, once."""


class NodeProcess(process._NodeProcess):
    """A Node.js process whose greeting and answers to load requests are read before the first other request."""

    _greeted = False
    _unanswered_loads = 0

    def _jsii_runtime(self) -> str:
        """Returns the path of the program, instead of that of the runtime which starts it."""
        runtime = super()._jsii_runtime()
        program = Path(runtime).parents[1] / PROGRAM
        program.write_text(program.read_text().replace(THROUGH_RUNTIME, DIRECTLY))
        return str(program)

    def stop(self) -> None:
        """Ends Node.js, which may first complete jsii's index: jsii itself would wait for 5 seconds only."""
        stdin = cast("IO[bytes]", self._process.stdin)
        try:
            if not stdin.closed:
                stdin.write(b'{"exit":0}\n')
                stdin.close()
            self._process.wait(timeout=INDEX_SECONDS)
        except (BrokenPipeError, KeyboardInterrupt, subprocess.TimeoutExpired):
            self._process.terminate()
        super().stop()

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
    """Makes jsii use ``NodeProcess``. Returns False, without a change, if jsii has another shape than expected."""
    methods = ("_jsii_runtime", "_next_message", "handshake", "send", "stop")
    known = hasattr(process, "stderr_sink") and all(hasattr(process._NodeProcess, name) for name in methods)
    resource = {file: name for name, file in embedded.EMBEDDED_FILES.items()}.get(PROGRAM)
    known = known and resource is not None and THROUGH_RUNTIME in files(embedded).joinpath(resource).read_text()
    if known:
        process._NodeProcess = NodeProcess  # type: ignore[misc]
        process.stderr_sink = _pass_on  # type: ignore[assignment]
    return known


def _pass_on(stderr: IO[bytes]) -> None:
    """Prints what Node.js prints. jsii expects it as JSON, in which its runtime wraps it."""
    for line in stderr:
        # Whatever takes the place of stderr: Node.js would wait for ever for a reader that has gone.
        with suppress(OSError, ValueError):
            sys.stderr.write(line.decode(errors="replace"))
