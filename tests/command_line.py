"""Runs the operator's commands as a user does: in a process of their own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def ops(*arguments: str, environment: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """``python -m ops``, with ``environment`` laid over this process's own."""
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=PROJECT,
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_one_line(ran: subprocess.CompletedProcess[str], *parts: str, code: int = 1) -> None:
    """The command failed with one line on stderr that says all of ``parts``."""
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ran.stderr.count("\n") == 1, ran.stderr
    for part in parts:
        assert part in ran.stderr
