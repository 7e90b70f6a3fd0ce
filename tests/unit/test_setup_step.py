"""Tests of the steps of ``make setup``: a step prints one line, and a failed step its whole output."""

import re
import subprocess
import sys

from tests.command_line import PROJECT, Ran


def step(*command: str) -> Ran:
    return subprocess.run(
        [sys.executable, "-m", "setup.step", "Packages", *command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_step_that_works_is_one_line() -> None:
    ran = step("sh", "-c", "echo noise; echo a warning >&2")
    assert ran.returncode == 0
    assert re.fullmatch(r"Packages \.\.\. \d+ s\n", ran.stdout)
    assert ran.stderr == ""


def test_a_step_that_fails_shows_what_it_said() -> None:
    ran = step("sh", "-c", "echo the reason; echo and more >&2; exit 7")
    assert ran.returncode == 7
    assert ran.stdout == "Packages ... failed\n"
    assert ran.stderr == "the reason\nand more\n"
