"""Runs the project's commands as a user does, for tests; and copies the project, to change it."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from ops.__main__ import main

PROJECT = Path(__file__).parents[1]
Ran = subprocess.CompletedProcess[str]
NOT_COPIED = (".git", ".venv", "node_modules", "cdktf.out", "__pycache__", ".*_cache", ".hypothesis")


def copy_project(folder: Path) -> None:
    """Copies the project's files to ``folder``, without what is installed or generated."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))


def ops(*arguments: str, environment: Mapping[str, str], stdin: str = "") -> Ran:
    """Runs ``python -m ops``, with ``environment`` added to this process's variables."""
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=PROJECT,
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def ops_in_process(*arguments: str, environment: Mapping[str, str], stdin: str = "") -> Ran:
    """Runs the command in this process, which saves half a second of imports."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", ["ops", *arguments]),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()))),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ran(arguments, code, out.getvalue(), err.getvalue())


def start_local(scratch: Path, **variables: str) -> subprocess.Popen[str]:
    """Starts ``python -m local`` with its output in pipes and ``scratch`` as its folder for temporary files."""
    return subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(scratch), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def assert_one_line(ran: Ran, *parts: str, code: int = 1) -> None:
    """Asserts that the command failed with exit code ``code``, and with one line on stderr that has all ``parts``."""
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ran.stderr.count("\n") == 1, ran.stderr
    for part in parts:
        assert part in ran.stderr
