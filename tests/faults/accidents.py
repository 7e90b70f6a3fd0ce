"""What interrupts a command: the signals, and how each of them really arrives."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from tests.faults.terminal import Terminal

FIND_SECONDS = 20


@dataclass(frozen=True)
class Accident:
    """What happens to a running command.

    Args:
        happens: makes it happen.
        terraform_is_killed: whether Terraform gets no time to store its state and to release its lock.
    """

    happens: Callable[[Terminal], None]
    terraform_is_killed: bool = False


def _stop(terminal: Terminal) -> None:
    terminal.process.terminate()


def _kill_terraform(terminal: Terminal) -> None:
    """As the system does when there is not enough memory. If none runs between two commands, the next one is killed."""
    deadline = time.monotonic() + FIND_SECONDS
    while time.monotonic() < deadline and terminal.process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            if process := terminal.terraform():
                process.kill()
                return


ACCIDENTS: Mapping[str, Accident] = {
    "sigint": Accident(Terminal.press_ctrl_c),
    "sigterm": Accident(_stop),
    "sighup": Accident(Terminal.close),
    "sigkill-of-terraform": Accident(_kill_terraform, terraform_is_killed=True),
    "sigkill-of-all": Accident(Terminal.kill_all, terraform_is_killed=True),
}
