"""``python -m tests.roles``: records what deploys, plans, changes and destroys call, and derives the roles' policies.

The runs are those of the tests: every environment of the end-to-end tests, and every setting's change in place. With
arguments, pytest's, only some of them: their calls are added to those that are there.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from access.__main__ import main as derive
from entry_point import run
from tests.recorded_calls import VARIABLE

IN_PLACE = "tests/changes/test_changes.py::test_changes_in_place_are_applied_and_then_the_plan_is_empty"
RUNS = (
    ("e2e", "tests/e2e/test_deploy.py", "tests/e2e/test_destroy.py"),
    ("changes", IN_PLACE, "tests/changes/test_destroy.py"),
)


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: that of the first run that fails."""
    with TemporaryDirectory() as folder:
        for tests in [arguments] if arguments else RUNS:
            command = [sys.executable, "-m", "tests", *tests]
            ran = subprocess.run(command, env={**os.environ, VARIABLE: folder}, check=False)
            if ran.returncode != 0:
                return ran.returncode
        derive(sorted(str(file) for file in Path(folder).iterdir()), keep=bool(arguments))
    return 0


if __name__ == "__main__":
    run("roles", lambda: main(sys.argv[1:]))
