"""``python -m tests [unit|e2e]``: the unit tests, and if they pass, the end-to-end tests, which wait side by side.

Other arguments are pytest's: paths, ``-k``, ``-x`` and so on.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.progress import FOLDER_VARIABLE

TESTS = Path(__file__).resolve().parent
PARTS: Mapping[str, Sequence[str]] = {
    "unit": ["-n", "2", "--dist", "loadfile"],
    # More than there are cores, for they wait most of the time: one for each group of tests.
    "e2e": ["-n", "7", "--dist", "loadgroup", "-p", "tests.progress"],
}


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code of the first part that fails; pytest's own for no tests if no part has any."""
    named = [argument for argument in arguments[:1] if argument in PARTS]
    paths = [argument for argument in arguments[len(named) :] if _names_tests(argument)]
    options = [argument for argument in arguments[len(named) :] if argument not in paths]
    codes = set()
    for part in named or PARTS:
        folder = TESTS / part
        chosen = [path for path in paths if _path(path).is_relative_to(folder)] if paths else [str(folder)]
        if chosen:
            codes.add(code := _run([*PARTS[part], *options, *chosen]))
            if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                return code
    return min(codes, default=pytest.ExitCode.NO_TESTS_COLLECTED)


def _names_tests(argument: str) -> bool:
    """Whether it is a path, not an option or its value."""
    return _path(argument).exists() and _path(argument).is_relative_to(TESTS)


def _path(argument: str) -> Path:
    return Path(argument.partition("::")[0]).resolve()


def _run(arguments: Sequence[str]) -> int:
    with TemporaryDirectory() as folder:
        # GOGC: Terraform and its provider are written in Go; a fifth of their time goes to collecting garbage.
        environment = {"GOGC": "400", **os.environ, FOLDER_VARIABLE: folder}
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
