"""``python -m tests [unit|browser|e2e|docs|changes|faults]``: runs the unit tests, then those in a browser, then the
end-to-end tests, as long as they pass.

``docs`` are the tests that run the commands of the documents. ``changes`` are those that change every setting of
deployed environments; ``faults`` are those that interrupt deploys and destroys, and break what they need. They run only
if they are named.

Other arguments are passed to pytest: paths, ``-k``, ``-x`` and so on.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import pytest

from entry_point import run
from tests.progress import FOLDER_VARIABLE

TESTS = Path(__file__).resolve().parent
PARTS: Mapping[str, Sequence[str]] = {
    "unit": ["-n", "2", "--dist", "loadfile"],
    # One process: the tests share a browser and its pages, and a test takes a second.
    "browser": [],
    # One process per group of tests. These are more than there are cores, because they wait most of the time. In the
    # order of the files, in which the deployments come first: those of few tests take as long as the others.
    "e2e": ["-n", "8", "--dist", "loadgroup", "--no-loadscope-reorder", "-p", "tests.progress"],
    # One process per deployment.
    "docs": ["-n", "4", "--dist", "loadgroup", "-p", "tests.progress"],
    # One process per environment, one for the destroy of prod, one for the frameworks.
    "changes": ["-n", "4", "--dist", "loadgroup", "-p", "tests.progress"],
    "faults": ["-n", "8", "--dist", "loadgroup", "-p", "tests.progress"],
}
USUAL_PARTS = ("unit", "browser", "e2e")


def main(arguments: Sequence[str]) -> int:
    """Runs the tests. Returns the exit code of the first part that fails, or pytest's code if no test is collected."""
    named = [argument for argument in arguments[:1] if argument in PARTS]
    paths = [argument for argument in arguments[len(named) :] if _names_tests(argument)]
    options = [argument for argument in arguments[len(named) :] if argument not in paths]
    codes = set()
    for part in named or (PARTS if paths else USUAL_PARTS):
        folder = TESTS / part
        chosen = [path for path in paths if _path(path).is_relative_to(folder)] if paths else [str(folder)]
        if chosen:
            codes.add(code := _run([*PARTS[part], *options, *chosen]))
            if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                return code
    return min(codes, default=pytest.ExitCode.NO_TESTS_COLLECTED)


def _names_tests(argument: str) -> bool:
    """Whether the argument is a path of tests, not an option or an option's value."""
    return _path(argument).exists() and _path(argument).is_relative_to(TESTS)


def _path(argument: str) -> Path:
    return Path(argument.partition("::")[0]).resolve()


def _run(arguments: Sequence[str]) -> int:
    # A process that a test has killed may still end.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {
            # Terraform and its provider, both Go programs, spend a fifth of their time on garbage collection.
            "GOGC": "400",
            **os.environ,
            FOLDER_VARIABLE: folder,
            # CDKTF's Testing leaves a folder for each app. Those of pytest, which keeps the last three runs, stay.
            "TMPDIR": folder,
            "PYTEST_DEBUG_TEMPROOT": gettempdir(),
        }
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    run("tests", lambda: main(sys.argv[1:]))
