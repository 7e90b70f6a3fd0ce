"""Prints one line per step of the set-up, with its name and duration.

``python -m setup.step NAME COMMAND…`` runs a command as a step. The command's output is printed only if it fails.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from entry_point import run


@contextmanager
def step(name: str) -> Iterator[None]:
    """Prints ``name`` when the block starts, and its duration in seconds when it ends.

    On a terminal, the duration is updated every second.
    """
    start = time.monotonic()
    ended = threading.Event()

    def count() -> None:
        while not ended.wait(1):
            print(f"\r{name} ... {time.monotonic() - start:.0f} s", end="", flush=True)

    print(f"{name} ...", end="", flush=True)
    if sys.stdout.isatty():
        threading.Thread(target=count, daemon=True).start()
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    else:
        again = f"\r{name} ..." if sys.stdout.isatty() else ""
        print(f"{again} {time.monotonic() - start:.0f} s", flush=True)
    finally:
        ended.set()


def run_step(name: str, command: Sequence[str]) -> int:
    """Runs the command as a step and returns its exit code. If it fails, its output is written to stderr."""
    try:
        with step(name):
            subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    except subprocess.CalledProcessError as error:
        sys.stderr.buffer.write(error.stdout)
        return error.returncode
    return 0


if __name__ == "__main__":
    run("setup", lambda: run_step(sys.argv[1], sys.argv[2:]))
