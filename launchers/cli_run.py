"""Runs cdktf-cli where it applies or destroys, and says how Terraform ended, which the CLI does not."""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from entry_point import SIGNALLED
from launchers.interrupts import Interrupts, say
from launchers.supervised_terraform import RUNS_VARIABLE, TERRAFORM_VARIABLE
from launchers.terraform_runs import CHANGING, TerraformRuns

RUNS = ".terraform-runs"
"""In the output folder."""
SUPERVISOR = Path(sys.prefix, "bin", "supervised-terraform")
RECOVER = "docs/recover.md"
AUTO_APPROVE = {"--auto-approve", "--auto-approve=true"}
SHOW_CURSOR = b"\x1b[?25h"


def run_cli(command: Sequence[str], environment: Mapping[str, str], outdir: Path) -> int:
    """Runs the CLI, and waits until its Terraforms have ended, even if it ends before them.

    The CLI has a session of its own, so that Ctrl-C reaches this process only: it interrupts Terraform, and the CLI
    shows how that ends.

    Args:
        command: the CLI with its arguments.
        environment: the environment variables of the CLI.
        outdir: the folder that the CLI synthesizes into. It must be locked.

    Returns:
        the CLI's exit code; 1 if Terraform failed and the CLI did not notice; 128 plus the number of the signal that
        interrupted it.
    """
    runs = TerraformRuns((outdir / RUNS).resolve())
    environment = {
        **environment,
        "TERRAFORM_BINARY_NAME": str(SUPERVISOR),
        TERRAFORM_VARIABLE: environment.get("TERRAFORM_BINARY_NAME") or "terraform",
        RUNS_VARIABLE: str(runs.folder),
    }
    with runs.launched(), Interrupts() as interrupts:
        with _terminal_kept():
            cli = subprocess.Popen(command, env=environment, start_new_session=True)
            interrupts.pass_to(lambda: _interrupt(runs, cli), lambda: _kill(runs, cli))
            code = cli.wait()
        runs.wait()
        verdict = _verdict(runs, code, interrupts)
        if verdict and not interrupts.first and not sys.stdin.isatty() and not AUTO_APPROVE & set(command):
            say(
                'cdktf: where it says "Raw mode is not supported", it asks for an approval, which needs a terminal.'
                " Without one: `make plan` and `make apply`, or approve all with"
                " `make deploy ARGS=\"'*' --auto-approve\"`"
            )
        return verdict


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """Restores the terminal, which the CLI leaves without echo and cursor if it is killed while it asks."""
    try:
        before = termios.tcgetattr(sys.stdin)
    except (OSError, ValueError, termios.error):
        # Standard input is no terminal.
        yield
        return
    try:
        yield
    finally:
        # The terminal may be gone. A process in the background would be stopped by it.
        with suppress(OSError, termios.error):
            if os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp():
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
                os.write(2, SHOW_CURSOR)


def _interrupt(runs: TerraformRuns, cli: subprocess.Popen[bytes]) -> None:
    runs.stop()
    if not runs.signal(signal.SIGTERM):
        cli.terminate()


def _kill(runs: TerraformRuns, cli: subprocess.Popen[bytes]) -> None:
    if not runs.signal(signal.SIGQUIT):
        cli.kill()


def _verdict(runs: TerraformRuns, cli_code: int, interrupts: Interrupts) -> int:
    """Says what to do if something went wrong, and returns the exit code."""
    changing = [run for run in runs.all() if run.command in CHANGING]
    stacks = ", ".join(dict.fromkeys(run.stack for run in changing if run.exit_code != 0))
    # The provider cancels the requests of an apply, and AWS may have carried them out.
    found = (
        "`ops recover` finds what AWS has made meanwhile; then " if "apply" in {run.command for run in changing} else ""
    )
    again = f"The state is stored: {found}run the command again ({RECOVER})"
    if interrupts.killed or any(run.killed for run in changing):
        say(
            f"cdktf: Terraform was killed in the stack {stacks}: what it was making may be missing in the state,"
            f" and the lock may be left. Next: `ops unlock`, then `ops recover` ({RECOVER})"
        )
    elif interrupts.first:
        where = f" in the stack {stacks}" if stacks else ""
        say(f"cdktf: interrupted{where}. {again}")
    elif cli_code < 0:
        say(f"cdktf: cdktf-cli was killed by {signal.Signals(-cli_code).name}. {again}")
    elif stacks:
        say(f"cdktf: Terraform failed in the stack {stacks}. If its error does not say what to do: {RECOVER}")
    if interrupts.first:
        return SIGNALLED + interrupts.first
    return cli_code if cli_code > 0 else int(cli_code < 0 or bool(stacks))
