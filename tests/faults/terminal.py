"""Runs ``cdktf`` on a terminal of its own, as a user does, so that it can be interrupted as a user's is."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import psutil

from local.child_process import PROJECT
from local.deployment import COLOUR

POLL_SECONDS = 0.2
LEAVE_SECONDS = 10
"""How long after ``cdktf`` its child processes may take to end."""
ON_A_TERMINAL = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"


class Terminal:
    """A command that runs in the project's folder, on a pseudoterminal of which it is in control.

    At the end of a ``with`` block, all processes that have its folder for temporary files are killed.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._mark = environment["TMPDIR"]
        self._terminal, its_side = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", ON_A_TERMINAL, *command], cwd=PROJECT, env=environment, stdin=its_side
        )
        os.close(its_side)
        self.is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.kill_all()
        self.process.wait()
        if self.is_open:
            self.close()

    def press_ctrl_c(self) -> None:
        """The terminal sends SIGINT to the processes in the foreground."""
        os.write(self._terminal, b"\x03")

    def close(self) -> None:
        """As if the window were closed, or the connection lost: the system sends SIGHUP."""
        os.close(self._terminal)
        self.is_open = False

    def kill_all(self) -> None:
        """As if the machine were lost."""
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.kill()

    def lines(self) -> Iterator[str]:
        """Yields each line that is printed, without colours, until the command ends or the terminal is closed."""
        rest = b""
        while chunk := self._read():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield COLOUR.sub("", line.decode(errors="replace")).rstrip()
        if rest:
            yield COLOUR.sub("", rest.decode(errors="replace")).rstrip()

    def _read(self) -> bytes:
        while self.is_open:
            ended = self.process.poll() is not None
            if select.select([self._terminal], [], [], POLL_SECONDS)[0]:
                try:
                    return os.read(self._terminal, 65536)
                except OSError:  # Linux's way to tell that no process has the terminal open
                    return b""
            if ended:
                return b""
        return b""

    def family(self) -> list[psutil.Process]:
        """The processes that the command started, and those that they started, even if their parents are gone."""
        return [
            process for process in psutil.process_iter() if process.pid != self.process.pid and self._is_ours(process)
        ]

    def terraform(self) -> psutil.Process | None:
        """The Terraform that runs, if one does."""
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                # Without a Terraform on the PATH, it is launchers/terraform.py.
                if process.name() == "terraform" or "launchers.terraform" in process.cmdline():
                    return process
        return None

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("TMPDIR") == self._mark and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def left(self) -> list[str]:
        """The command lines of the processes that still run some seconds after the command has ended."""
        self.process.wait()
        _, running = psutil.wait_procs(self.family(), LEAVE_SECONDS)
        return [" ".join(process.cmdline()) for process in running]
