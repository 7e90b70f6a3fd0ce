"""Child processes that are stopped at the end of a ``with`` block."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

PROJECT = Path(__file__).parent.parent
STOP_TIMEOUT_SECONDS = 10


@contextmanager
def child_process(
    command: Sequence[str], *, environment: Mapping[str, str], output: IO[bytes] | int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs ``command`` in the project's folder during the ``with`` block.

    It runs in a new session, so that Ctrl-C interrupts this process only. At the end of the block, the command gets
    SIGTERM; it and its child processes get SIGKILL if they still run after ten seconds.
    """
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        # Nothing is written to it. When this process ends, even if killed, it is closed, and the server exits.
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        leader = psutil.Process(process.pid)
        family = [leader, *leader.children(recursive=True)]
        # Not the others: cdktf interrupts its Terraform by itself, which a second signal would kill.
        leader.terminate()
    _, running = psutil.wait_procs(family, STOP_TIMEOUT_SECONDS)
    for member in running:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()
