"""Runs Terraform in the folders of the synthesized stacks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

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
    run("terraform", "init", "-input=false", "-no-color", folder=folder, capture=True)


def run(*command: str, folder: Path, capture: bool = False, variables: Mapping[str, str] = MappingProxyType({})) -> str:
    """Runs a command in a folder, with the programs of the virtual environment first on the PATH.

    Its output goes to standard error, or is returned with ``capture``. ``variables`` are added to the environment.

    Raises:
        CommandError: if it fails, in one line after the command's own output.
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
    process = subprocess.Popen(
        [program, *command[1:]],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE if capture else sys.stderr,
        text=True,
    )
    output = _wait(process)
    if process.returncode != 0:
        raise CommandError(f"{' '.join(command[:2])} failed in {os.path.relpath(folder)}: see above", output)
    return output


def _wait(process: subprocess.Popen[str]) -> str:
    """Waits for the process and returns its output.

    Ctrl-C interrupts it as well: Terraform then stores the state of what it has changed, which takes a while. To kill
    it would lose that state, as ``subprocess.run`` does after a quarter of a second.

    Raises:
        KeyboardInterrupt: after Ctrl-C, once the process has ended.
    """
    interrupt: KeyboardInterrupt | None = None
    while True:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt as again:
            interrupt = again
        else:
            break
    if interrupt:
        raise interrupt
    return output or ""
