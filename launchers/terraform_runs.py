"""What Terraform does for one run of cdktf-cli: the launcher and the supervisor of each Terraform tell each other here.

The CLI stands between them. It tells neither that Terraform was killed, nor waits for it after Ctrl-C.
"""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from entry_point import SIGNALLED

LAUNCHER = "launcher.lock"
STOP = "stop"
CHANGING = ("apply", "destroy")
"""Terraform's commands that change resources."""


class TerraformRun(NamedTuple):
    """A Terraform that was started.

    Args:
        stack: the stack's name.
        command: Terraform's command, ``apply`` for example.
        supervisor_pid: the process that started Terraform and waits for it.
        terraform_pid: Terraform's own process, or None before it starts.
        exit_code: 128 plus the signal's number if a signal ended Terraform; None before its end.
        running: whether one of the two processes runs.
    """

    stack: str
    command: str
    supervisor_pid: int
    terraform_pid: int | None
    exit_code: int | None
    running: bool

    @property
    def killed(self) -> bool:
        """Whether Terraform changed resources and was killed, or nothing waits for its end."""
        ended_well = self.exit_code is not None and self.exit_code <= SIGNALLED
        waited_for = self.exit_code is None and _exists(self.supervisor_pid)
        return self.command in CHANGING and not ended_well and not waited_for


class TerraformRuns:
    """The Terraforms of one run of the CLI, in files of a folder.

    A file stays locked as long as the supervisor or its Terraform runs, however they end.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def launched(self) -> Iterator[None]:
        """Begins anew, and tells supervisors during the ``with`` block that the launcher runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.iterdir():
            file.unlink()
        with open(self.folder / LAUNCHER, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def wait_for_launchers_end(self) -> None:
        """Returns when the launcher has ended, however it ends."""
        with open(self.folder / LAUNCHER) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)

    def stop(self) -> None:
        """From now on, no Terraform is started."""
        (self.folder / STOP).touch()

    @property
    def stopped(self) -> bool:
        """Whether no Terraform may be started."""
        return (self.folder / STOP).exists()

    @contextmanager
    def started(self, stack: str, command: str) -> Iterator["Record"]:
        """Records a Terraform of this process during the ``with`` block."""
        with open(self.folder / f"{stack}.{command}.{os.getpid()}", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield Record(file, {"stack": stack, "command": command, "supervisor_pid": os.getpid()})

    def all(self) -> list[TerraformRun]:
        """Every Terraform that was started."""
        files = [file for file in self.folder.iterdir() if file.name not in (LAUNCHER, STOP)]
        return [run for file in files if (run := _read(file))]

    def signal(self, number: signal.Signals) -> bool:
        """Signals every supervisor, and Terraform itself if its supervisor is gone. Returns whether one runs."""
        running = [run for run in self.all() if run.running]
        for run in running:
            with suppress(ProcessLookupError):
                if _exists(run.supervisor_pid):
                    os.kill(run.supervisor_pid, number)
                elif run.terraform_pid:
                    os.kill(run.terraform_pid, signal.SIGINT)
        return bool(running)

    def wait(self) -> None:
        """Waits until every Terraform has ended."""
        for file in self.folder.iterdir():
            if file.name != LAUNCHER:
                with open(file) as opened:
                    fcntl.flock(opened, fcntl.LOCK_SH)


class Record:
    """The file of one Terraform. ``descriptor`` is to be inherited by it: it holds the lock."""

    def __init__(self, file: IO[str], content: dict[str, Any]) -> None:
        self._file = file
        self._content = content
        self.write()

    @property
    def descriptor(self) -> int:
        """The file's descriptor."""
        return self._file.fileno()

    def write(self, **more: int) -> None:
        """Adds to the record."""
        self._content |= more
        self._file.seek(0)
        self._file.write(json.dumps(self._content))
        self._file.flush()


def _read(file: Path) -> TerraformRun | None:
    """None if nothing has been written yet."""
    with open(file) as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            running = False
        except BlockingIOError:
            running = True
        try:
            content = json.loads(opened.read())
        except ValueError:
            return None
    return TerraformRun(
        stack=content["stack"],
        command=content["command"],
        supervisor_pid=content["supervisor_pid"],
        terraform_pid=content.get("terraform_pid"),
        exit_code=content.get("exit_code"),
        running=running,
    )


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
