"""``.venv/bin/supervised-terraform``: runs Terraform for cdktf-cli, which does not see how it ends.

cdktf-cli 0.21 starts the program that TERRAFORM_BINARY_NAME names, on a pseudoterminal. By itself, it

- takes a Terraform that a signal has ended for one that has succeeded, and goes on with the next stack;
- ends a second after Ctrl-C, and so closes the pseudoterminal, which kills Terraform while that stores its state;
- can't destroy what a destroy has left half-way: it begins with stacks that are gone already, whose plans fail on the
  outputs of other stacks that are gone as well.

Terraform runs in a session of its own, where no signal reaches it but those of this process.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from entry_point import SIGNALLED, run
from launchers.interrupts import kill_plugins
from launchers.terraform_runs import TerraformRuns

RUNS_VARIABLE = "CDKTF_LAUNCHER_TERRAFORM_RUNS"
"""The folder of ``TerraformRuns``. The launcher of the CLI sets it."""
TERRAFORM_VARIABLE = "CDKTF_LAUNCHER_TERRAFORM"
"""The program to run."""


def main() -> None:
    """Runs Terraform with this process's arguments, and ends with its exit code, or 128 plus a signal's number."""
    run("cdktf", lambda: _supervise(sys.argv[1:]))


def _supervise(arguments: Sequence[str]) -> int:
    terraform = os.environ[TERRAFORM_VARIABLE]
    stack, command = Path.cwd().name, arguments[0]
    runs = TerraformRuns(Path(os.environ[RUNS_VARIABLE]))
    killed = [other for other in runs.all() if other.killed]
    if killed:
        print(f"cdktf: Terraform was killed in {killed[0].stack}: {stack} is left as it is")
        return 1
    if command == "destroy" and _holds_nothing(terraform):
        print(f"cdktf: nothing is left of {stack}")
        return 0
    signals = _Signals()
    with runs.started(stack, command) as record:
        # After the record is written: the launcher stops first, and then looks for records.
        if runs.stopped:
            print(f"cdktf: interrupted: {stack} is left as it is")
            record.write(exit_code=1)
            return 1
        process = subprocess.Popen([terraform, *arguments], start_new_session=True, pass_fds=(record.descriptor,))
        record.write(terraform_pid=process.pid)
        signals.pass_to(process)
        Thread(target=_end_with_launcher, args=(runs,), daemon=True).start()
        code = process.wait()
        # They would hold the record's lock.
        kill_plugins(process)
        exit_code = code if code >= 0 else SIGNALLED - code
        record.write(exit_code=exit_code)
    return exit_code


class _Signals:
    """Interrupts Terraform once, whatever comes how often: its second SIGINT kills it. SIGQUIT sends that one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._interrupted = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._interrupt())
        signal.signal(signal.SIGQUIT, lambda *_: self._kill())

    def pass_to(self, process: subprocess.Popen[bytes]) -> None:
        """Passes signals on from now on, and one that came before."""
        self._process = process
        if self._interrupted:
            process.send_signal(signal.SIGINT)

    def _interrupt(self) -> None:
        if self._process and not self._interrupted:
            self._process.send_signal(signal.SIGINT)
        self._interrupted = True

    def _kill(self) -> None:
        self._interrupt()
        if self._process:
            self._process.send_signal(signal.SIGINT)


def _end_with_launcher(runs: TerraformRuns) -> None:
    """Interrupts Terraform when the launcher ends before it, since nobody could do so later."""
    runs.wait_for_launchers_end()
    os.kill(os.getpid(), signal.SIGTERM)


def _holds_nothing(terraform: str) -> bool:
    """Whether the state of the stack in the current folder has no resources."""
    listed = subprocess.run(
        [terraform, "state", "list"], capture_output=True, text=True, check=False, start_new_session=True
    )
    known = listed.returncode == 0 or "No state file was found" in listed.stderr
    return known and all(address.startswith("data.") for address in listed.stdout.split())


if __name__ == "__main__":
    main()
