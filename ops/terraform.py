"""Runs Terraform, or OpenTofu in its place, in the folders of the synthesized stacks."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from entry_point import Ended
from launchers.cli_run import RECOVER
from launchers.interrupts import Interrupts, kill_plugins
from launchers.opentofu import OpenTofuError, program
from ops.environment import OpsError

PROJECT = Path(__file__).parent.parent
OUTDIR = PROJECT / (os.environ.get("CDKTF_OUTDIR") or "cdktf.out")
"""Where the stacks are synthesized."""
SAVED_PLAN = "saved.tfplan"
"""The plan in a stack's folder that ``ops plan`` saves and ``ops apply`` applies."""


class CommandError(OpsError):
    """A command failed. ``output`` is what it printed, if that was captured."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


def init(folder: Path) -> None:
    """Runs ``terraform init`` in a stack's folder. Only its errors are shown."""
    terraform("init", "-input=false", "-no-color", folder=folder, capture=True)


def terraform(
    *arguments: str, folder: Path, capture: bool = False, variables: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Runs Terraform, or the OpenTofu that the variable ``OPENTOFU`` names, as ``run`` does."""
    return run(checked_program(), *arguments, folder=folder, capture=capture, variables=variables)


def checked_program() -> str:
    """The program that ``terraform`` runs. A command that runs it asks first, before it does anything else.

    Raises:
        OpsError: if ``OPENTOFU`` names one that can't be used.
    """
    try:
        return program()
    except OpenTofuError as error:
        raise OpsError(str(error)) from None


def run(*command: str, folder: Path, capture: bool = False, variables: Mapping[str, str] = MappingProxyType({})) -> str:
    """Runs a command in a folder, with the programs of the virtual environment first on the PATH.

    Its output goes to standard error, or is returned with ``capture``. A signal interrupts it as
    ``launchers.interrupts`` says. ``variables`` are added to the environment.

    Raises:
        CommandError: if it fails, in one line after the command's own output.
        Ended: after a signal, once it has ended.
        OpsError: if there is no such program.
    """
    environment = {
        "TF_IN_AUTOMATION": "1",
        **os.environ,
        **variables,
        "PATH": os.pathsep.join([f"{sys.prefix}/bin", os.environ.get("PATH", os.defpath)]),
    }
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise OpsError(f"there is no {command[0]} on the PATH: run `make setup`")
    with Interrupts() as interrupts:
        process = subprocess.Popen(
            [program, *command[1:]],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE if capture else sys.stderr,
            text=True,
            start_new_session=True,
        )
        interrupts.pass_to(lambda: process.send_signal(signal.SIGINT), lambda: process.send_signal(signal.SIGINT))
        output, _ = process.communicate()
        kill_plugins(process)
    if interrupts.first:
        raise Ended(interrupts.first)
    if process.returncode != 0:
        how = f"was killed by {signal.Signals(-process.returncode).name}" if process.returncode < 0 else "failed"
        where = os.path.relpath(folder)
        raise CommandError(f"{' '.join(command[:2])} {how} in {where}: see above, and {RECOVER}", output or "")
    return output or ""
