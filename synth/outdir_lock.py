"""Keeps the output folder for one command at a time, and while it holds a state that could not be stored."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

LOCK = ".lock"
"""In the folder, which commands empty but do not delete."""
UNSTORED_STATE = "errored.tfstate"
"""Terraform writes it into a stack's folder if it can't store the state after an apply:
https://developer.hashicorp.com/terraform/cli/commands/state/push"""


class OutdirInUseError(Exception):
    """Why the output folder can't be used now, in one line."""


class UnstoredStateError(OutdirInUseError):
    """A stack's newest state is in the folder only."""


@contextmanager
def held(outdir: Path, command: str) -> Iterator[None]:
    """Locks the folder during the ``with`` block, or until this process ends, however it ends.

    A program that takes this process's place (``exec``) keeps the lock.

    Args:
        outdir: the output folder. It is created if there is none.
        command: what locks it, ``ops apply`` for example, for the message that others get.

    Raises:
        OutdirInUseError: if another command holds the lock.
        UnstoredStateError: if a stack's newest state is in its folder only.
        OSError: if the folder can't be written.
    """
    outdir.mkdir(parents=True, exist_ok=True)
    with open(outdir / LOCK, "a+", errors="replace") as file:
        # The system releases the lock when the last descriptor of this file is closed.
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read() or "another command"
            raise OutdirInUseError(f"{outdir.name} is in use by {holder}: wait until that has ended") from None
        file.truncate(0)
        file.write(f"`{command}`, process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}")
        file.flush()
        for state in outdir.glob(f"stacks/*/{UNSTORED_STATE}"):
            raise UnstoredStateError(
                f"{os.path.relpath(state)} is the newest state of {state.parent.name}, which Terraform could not store:"
                f" run `terraform state push {UNSTORED_STATE}` in that folder, then delete the file"
            )
        yield
