"""Child processes that never outlive us."""

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
    """Runs ``command`` in the project's folder for as long as the block does.

    It runs in a session of its own, so that Ctrl-C reaches us alone. What still runs when the block ends, the process
    and all that it started, is asked to stop, and killed if it has not after ten seconds.
    """
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        # Nothing is ever written to it. It ends when we do.
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
        # cdktf starts Terraform on a terminal of its own, so a signal to the process group would not reach it.
        family = [leader, *leader.children(recursive=True)]
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
    _, running = psutil.wait_procs(family, STOP_TIMEOUT_SECONDS)
    for member in running:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()
