"""Ctrl-C, SIGTERM and a lost terminal end Terraform in order, not at once.

Terraform loses what it is making if it is killed: the resource exists then, and its state does not know it. After one
SIGINT, it finishes what it is doing, stores the state and releases the lock; a second SIGINT kills it.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Self

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WAITS = (
    "Interrupted. Terraform finishes what it is doing, stores the state and releases the lock; this can take minutes."
)
COST = (
    "Terraform has not ended yet. Another Ctrl-C kills it: what it is making now would be missing in the state, and the"
    " lock would be left (docs/recover.md)."
)


class Interrupts:
    """During a ``with`` block, passes signals on that would end this process.

    The first SIGINT, SIGTERM or SIGHUP interrupts. A second Ctrl-C says what a third one costs, which kills. More
    SIGTERMs and SIGHUPs do nothing: what stops a process in a hurry often sends several. A signal that this process was
    started to ignore, SIGHUP by nohup for example, stays ignored.

    Attributes:
        first: the first signal, or None.
        killed: whether a third Ctrl-C has killed.
    """

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self.killed = False
        self._interrupt: Callable[[], object] | None = None
        self._kill: Callable[[], object] | None = None
        self._warned = False
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.getsignal(number) for number in HANDLED}
        for number, handler in self._before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def pass_to(self, interrupt: Callable[[], object], kill: Callable[[], object]) -> None:
        """Names what interrupts and what kills. A signal that came before interrupts now."""
        self._interrupt, self._kill = interrupt, kill
        if self.first is not None:
            interrupt()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.first is None:
            self.first = signal.Signals(number)
            say(f"\n{WAITS}")
            if self._interrupt:
                self._interrupt()
        elif number == signal.SIGINT and not self._warned:
            self._warned = True
            say(f"\n{COST}")
        elif number == signal.SIGINT and self._kill:
            self.killed = True
            self._kill()


def say(text: str) -> None:
    """Prints a line on standard error, also from a signal's handler, and also if the terminal is gone."""
    # Not print(), which fails if the signal interrupts another print().
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())


def kill_plugins(terraform: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Kills the plugins of a Terraform that has ended. They run on where it was killed.

    Args:
        terraform: the process, which must have a session of its own.
    """
    with suppress(ProcessLookupError):
        os.killpg(terraform.pid, signal.SIGKILL)
