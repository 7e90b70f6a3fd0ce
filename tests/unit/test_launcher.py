"""Tests that Terraform ends in order under ``cdktf``, and that nobody takes a killed one for one that has succeeded.

Two small programs stand in for cdktf-cli and Terraform. tests/faults has the real ones.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from launchers.interrupts import COST, WAITS
from tests.command_line import PROJECT

CLI = """
import os, subprocess, sys
command, *stacks = sys.argv[1:]
for stack in stacks:
    # As cdktf-cli does: a Terraform that a signal ended has no exit code, and so has not failed.
    if subprocess.run([os.environ["TERRAFORM_BINARY_NAME"], command], cwd=stack).returncode > 0:
        sys.exit("Invoking Terraform CLI failed")
"""
TERRAFORM = """#!/bin/sh
if [ "$1" = state ]; then cat resources 2> /dev/null || echo 'No state file was found!' >&2; exit; fi
trap 'echo >> interrupts; if [ $(wc -l < interrupts) -eq 2 ]; then exit 1; fi' INT
sh -c 'while [ ! -e finish ]; do sleep 0.02; done' &  # a plugin
echo $$ > pid.new; mv pid.new pid
while [ ! -e finish ]; do sleep 0.02; done
test ! -e interrupts -o -e completed
"""
LAUNCHER = """
import os, sys
from pathlib import Path
import entry_point
from launchers.cli_run import run_cli
entry_point.run("cdktf", lambda: run_cli(sys.argv[1:], os.environ, Path(".")))
"""
DEADLINE_SECONDS = 30


class Launched:
    """A launcher with the stand-ins, whose Terraform runs in the stacks ``network`` and ``data``.

    ``data`` is what ``terraform state list`` prints in the second one.
    """

    def __init__(self, folder: Path, command: str = "apply", prefix: tuple[str, ...] = (), data: str = "") -> None:
        self.folder = folder
        program = folder / "bin" / "terraform"
        program.parent.mkdir()
        program.write_text(TERRAFORM)
        program.chmod(0o755)
        for stack, resources in (("network", "aws_vpc.vpc\n"), ("data", data)):
            (folder / stack).mkdir()
            (folder / stack / "resources").write_text(resources)
        cli = [sys.executable, "-c", CLI, command, "network", "data"]
        path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", LAUNCHER, *cli],
            cwd=folder,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def runs_in(self, stack: str) -> int:
        """Waits until Terraform runs in the stack, and returns its process id."""
        file = self.folder / stack / "pid"
        until(file.exists)
        return int(file.read_text())

    @property
    def supervisor(self) -> int:
        """The process that waits for Terraform in the stack ``network``."""
        (record,) = self.folder.glob(".terraform-runs/network.*")
        return int(record.suffix[1:])

    def interrupts(self, stack: str = "network") -> int:
        """How often Terraform has been interrupted."""
        file = self.folder / stack / "interrupts"
        return len(file.read_text()) if file.exists() else 0

    def finish(self, stack: str = "network") -> None:
        """Lets Terraform end in the stack."""
        (self.folder / stack / "finish").touch()

    def started(self, stack: str) -> bool:
        """Whether Terraform was started in the stack."""
        return (self.folder / stack / "pid").exists()

    def says(self, text: str) -> None:
        """Waits until the launcher has printed the text."""
        assert self.process.stdout is not None
        until(lambda: text in self.process.stdout.readline())  # type: ignore[union-attr]

    def ends(self) -> tuple[int, str]:
        """Waits for the launcher's end, and returns its exit code and the rest of what it has printed."""
        printed, _ = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, printed


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[Launched]:
    launcher = Launched(tmp_path)
    launcher.runs_in("network")
    yield launcher
    for stack in ("network", "data"):
        launcher.finish(stack)
    launcher.process.communicate()


def test_stacks_are_applied_one_after_the_other(launched: Launched) -> None:
    launched.finish()
    launched.runs_in("data")
    launched.finish("data")
    assert launched.ends() == (0, "")


def test_a_killed_terraform_stops_the_deploy(launched: Launched) -> None:
    os.kill(launched.runs_in("network"), signal.SIGKILL)
    code, printed = launched.ends()
    assert code == 1
    assert "Terraform was killed in the stack network" in printed
    assert "`ops unlock`, then `ops recover` (docs/recover.md)" in printed
    assert not launched.started("data")


def test_no_stack_follows_one_whose_supervisor_was_killed(launched: Launched) -> None:
    """Terraform goes on alone, and is waited for."""
    terraform = launched.runs_in("network")
    os.kill(launched.supervisor, signal.SIGKILL)
    launched.says("Terraform was killed in network")
    assert launched.process.poll() is None
    assert not launched.started("data")
    os.kill(terraform, 0)
    launched.finish()
    code, printed = launched.ends()
    assert (code, "Terraform was killed in the stack network" in printed) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_terraform_once_and_waits_for_it(launched: Launched, number: signal.Signals) -> None:
    os.killpg(launched.process.pid, number)
    until(launched.interrupts)
    if number != signal.SIGINT:
        # What ends a process in a hurry, such as a CI server, sends more.
        os.killpg(launched.process.pid, number)
        os.killpg(launched.process.pid, signal.SIGTERM)
    # As the end of the CLI's pseudoterminal does.
    os.kill(launched.supervisor, signal.SIGHUP)
    assert launched.process.poll() is None
    launched.finish()
    code, printed = launched.ends()
    assert (code, launched.interrupts(), launched.started("data")) == (128 + number, 1, False)
    assert WAITS in printed
    assert "interrupted in the stack network. The state is stored: `ops recover` finds" in printed


def test_no_stack_follows_one_that_was_interrupted_at_its_end(launched: Launched) -> None:
    os.killpg(launched.process.pid, signal.SIGINT)
    until(launched.interrupts)
    (launched.folder / "network" / "completed").touch()
    launched.finish()
    code, printed = launched.ends()
    assert (code, launched.started("data")) == (130, False)
    assert "interrupted in the stack data. The state is stored" in printed


def test_a_second_ctrl_c_says_what_a_third_one_costs(launched: Launched) -> None:
    os.killpg(launched.process.pid, signal.SIGINT)
    until(launched.interrupts)
    os.killpg(launched.process.pid, signal.SIGINT)
    launched.says(COST)
    assert (launched.process.poll(), launched.interrupts()) == (None, 1)
    os.killpg(launched.process.pid, signal.SIGINT)
    code, rest = launched.ends()
    assert (code, launched.interrupts(), launched.started("data")) == (130, 2, False)
    assert "Terraform was killed in the stack network" in rest


def test_terraform_is_waited_for_if_the_cli_is_killed(launched: Launched) -> None:
    (cli,) = psutil.Process(launched.process.pid).children()
    cli.kill()
    with pytest.raises(subprocess.TimeoutExpired):
        launched.process.wait(1)
    launched.finish()
    code, printed = launched.ends()
    assert (code, launched.started("data")) == (1, False)
    assert "cdktf-cli was killed by SIGKILL" in printed


def test_terraform_is_interrupted_if_the_launcher_is_killed(launched: Launched) -> None:
    launched.process.kill()
    until(launched.interrupts)
    launched.finish()
    launched.ends()
    assert (launched.interrupts(), launched.started("data")) == (1, False)


def test_nohup_keeps_a_lost_terminal_from_interrupting(tmp_path: Path) -> None:
    launcher = Launched(tmp_path, prefix=("nohup",))
    launcher.runs_in("network")
    os.killpg(launcher.process.pid, signal.SIGHUP)
    launcher.finish()
    launcher.runs_in("data")
    launcher.finish("data")
    assert launcher.ends()[0] == 0
    assert launcher.interrupts() == 0


@pytest.mark.parametrize("resources", ["", "data.aws_availability_zones.zones\n"])
def test_a_stack_that_is_destroyed_already_is_passed_over(tmp_path: Path, resources: str) -> None:
    """Its plan would fail on the outputs of other stacks, which are gone as well."""
    launcher = Launched(tmp_path, "destroy", data=resources)
    launcher.runs_in("network")
    launcher.finish()
    assert launcher.ends()[0] == 0
    assert not launcher.started("data")


ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
RAW_CLI = "import os, signal, tty; tty.setraw(0); os.kill(os.getpid(), signal.SIGKILL)"
TERMINAL_BEFORE_AND_AFTER = """
import os, sys, termios
from pathlib import Path
from launchers.cli_run import run_cli
before = termios.tcgetattr(0)
run_cli(sys.argv[1:], os.environ, Path("."))
print("unchanged" if termios.tcgetattr(0) == before else "changed")
"""


def test_the_terminal_is_as_it_was_if_the_cli_is_killed_while_it_asks(tmp_path: Path) -> None:
    launcher = [sys.executable, "-c", TERMINAL_BEFORE_AND_AFTER, sys.executable, "-c", RAW_CLI]
    ran = subprocess.run(
        [sys.executable, "-c", ON_A_TERMINAL, *launcher],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split()[-1] == "unchanged"


@pytest.mark.parametrize(("argument", "advised"), [("*", True), ("--auto-approve", False)])
def test_without_a_terminal_a_failure_says_how_to_approve(tmp_path: Path, argument: str, advised: bool) -> None:
    launch = "import os, sys; from pathlib import Path; from launchers.cli_run import run_cli;"
    launch += " sys.exit(run_cli(sys.argv[1:], os.environ, Path('.')))"
    ran = subprocess.run(
        [sys.executable, "-c", launch, sys.executable, "-c", "raise SystemExit(1)", argument],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ("make apply" in ran.stderr) == advised
