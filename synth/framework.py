"""Lets another framework than CDKTF synthesize, from the same source: docs/successors.md.

Each has a virtual environment of its own, because their packages exclude each other. It is used only where
``LANGFUSE_FRAMEWORK`` names it, which ``make`` calls ``FRAMEWORK``; nothing else of the project reads it.
"""

import os
import sys
from pathlib import Path

from entry_point import PROJECT

VARIABLE = "LANGFUSE_FRAMEWORK"
DEFAULT = "cdktf"
OTHERS = ("cdktf-provider-6", "cdktn")
"""CDKTF with the bindings of AWS provider 6, and CDKTF's successor, CDK Terrain."""

WRONG_SETTING = 2
"""The exit code, as for wrong settings."""


def enter_framework() -> None:
    """Replaces this process with the Python of the framework's virtual environment, unless it runs already.

    Raises:
        SystemExit: If there is no such framework, or if it is not installed.
    """
    environment = framework_environment()
    if environment and not environment.samefile(Path(sys.executable).parents[1]):
        python = str(environment / "bin" / "python")
        os.execv(python, [python, *sys.orig_argv[1:]])  # noqa: S606


def framework_environment() -> Path | None:
    """Returns the virtual environment of the framework, or None for the default one, CDKTF.

    Raises:
        SystemExit: If there is no such framework (exit code 2), or if it is not installed (1).
    """
    framework = os.environ.get(VARIABLE) or DEFAULT
    if framework == DEFAULT:
        return None
    if framework not in OTHERS:
        print(f"synth: {VARIABLE} is {framework!r}: it must be {DEFAULT}, {' or '.join(OTHERS)}", file=sys.stderr)
        sys.exit(WRONG_SETTING)
    environment = PROJECT / ".venv" / framework
    # The last step of its installation writes this file.
    if not (environment / ".stamp").exists():
        sys.exit(f"synth: {framework} is not installed: run `make setup FRAMEWORK={framework}`")
    return environment
