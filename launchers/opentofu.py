"""Which program plans and applies the stacks: Terraform, or OpenTofu if the variable ``OPENTOFU`` names it.

docs/opentofu.md says what differs. Only the standard library is used: the set-up asks before packages are installed.
"""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from entry_point import one_line

VARIABLE = "OPENTOFU"
OLDEST = (1, 12)
"""1.11 has ephemeral resources and write-only arguments, but lists the former as changes in its plans (#3897)."""
VERSION = re.compile(r"OpenTofu v(\d+)\.(\d+)")


class OpenTofuError(Exception):
    """The program that the variable names can't be used. The message is one line with the reason."""


def program() -> str:
    """The program to run: the path of OpenTofu, or ``terraform``, which is that of the virtual environment.

    Raises:
        OpenTofuError: as ``opentofu`` does. Terraform never takes the place of a program that was asked for.
    """
    return opentofu() or "terraform"


def opentofu() -> str | None:
    """The path of the program that ``OPENTOFU`` names, by a path or by its name on the PATH; None if it is not set.

    Raises:
        OpenTofuError: if there is no such program, if it is none of OpenTofu's, or if it is too old.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    found = shutil.which(os.path.expanduser(named))
    if found is None:
        raise OpenTofuError(f"{VARIABLE}: there is no program {one_line(named)}")
    # Absolute, since it runs in the folders of the stacks.
    path = str(Path(found).absolute())
    version, shown = _version(path), one_line(path)
    if version is None:
        raise OpenTofuError(f"{VARIABLE}: {shown} is not OpenTofu, by what it prints as its version")
    if version < OLDEST:
        raise OpenTofuError(
            f"{VARIABLE}: {shown} is OpenTofu {_dotted(version)}; this project needs {_dotted(OLDEST)} or newer"
        )
    return path


@cache
def _version(path: str) -> tuple[int, int] | None:
    """The major and minor version, or None if the program is none of OpenTofu's."""
    try:
        ran = subprocess.run(
            [path, "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError:
        # It can't be run: a script without its interpreter, or a program for another machine.
        return None
    found = VERSION.match(ran.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
