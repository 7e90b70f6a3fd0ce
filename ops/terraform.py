"""Runs Terraform in the folders of the synthesized stacks."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from entry_point import Ended
from launchers.cli_run import RECOVER
from launchers.interrupts import Interrupts
from ops.environment import OpsError

PROJECT = Path(__file__).parent.parent
OUTDIR = PROJECT / (os.environ.get("CDKTF_OUTDIR") or "cdktf.out")
"""Where the stacks are synthesized."""
SAVED_PLAN = "saved.tfplan"
"""The plan in a stack's folder that ``ops plan`` saves and ``ops apply`` applies."""


def init(folder: Path) -> None:
    """Runs ``terraform init`` in a stack's folder. Only its errors are shown."""
    run("terraform", "init", "-input=false", "-no-color", folder=folder, capture=True)


def run(*command: str, folder: Path, capture: bool = False) -> str:
    """Runs a command in a folder, with the programs of the virtual environment first on the PATH.

    Its output goes to standard error, or is returned with ``capture``. A signal interrupts it as
    ``launchers.interrupts`` says.

    Raises:
        OpsError: if it fails, in one line after the command's own output.
        Ended: after a signal, once it has ended.
    """
    environment = {
        "TF_IN_AUTOMATION": "1",
        **os.environ,
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
    if interrupts.first:
        raise Ended(interrupts.first)
    if process.returncode != 0:
        how = f"was killed by {signal.Signals(-process.returncode).name}" if process.returncode < 0 else "failed"
        raise OpsError(f"{' '.join(command[:2])} {how} in {os.path.relpath(folder)}: see above, and {RECOVER}")
    return output or ""
