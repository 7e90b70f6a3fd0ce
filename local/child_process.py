"""Child processes that never outlive us."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).parent.parent


@contextmanager
def child_process(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    stop_signal: signal.Signals,
    stop_timeout_seconds: float,
    output: IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs ``command`` in the project's folder for as long as the block does.

    It gets a process group of its own, so that Ctrl-C reaches us alone and we stop things in the right order. If it
    still runs when the block ends, the group gets ``stop_signal``, and is killed if it does not end in time.
    """
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, stop_signal)
            with suppress(subprocess.TimeoutExpired):
                process.wait(stop_timeout_seconds)
        _kill_group(process)
        process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kills what is left of the group, the leader's own children included."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
