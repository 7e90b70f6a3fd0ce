"""Tests of the pre-commit hooks: they accept the project, and stop commits of faulty files."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.command_line import PROJECT, Ran, copy_project

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("reviews")]

ACCESS_KEY = "AKIA" + "Q3EGRZ7WPL5XVN2K"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in a new Git repository, with a link to the virtual environment."""
    folder = tmp_path_factory.mktemp("clone") / "project"
    copy_project(folder)
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


def commit_hooks(clone: Path) -> Ran:
    """Runs the hooks on all files, except mypy, which takes a minute and is part of ``make lint``."""
    subprocess.run(["git", "add", "--all"], cwd=clone, check=True)
    return subprocess.run(
        [".venv/bin/pre-commit", "run", "--all-files"],
        cwd=clone,
        env={**os.environ, "SKIP": "mypy", "PRE_COMMIT_HOME": str(clone.parent / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_project_passes(clone: Path) -> None:
    ran = commit_hooks(clone)
    assert ran.returncode == 0, ran.stdout


def test_each_hook_stops_a_commit(clone: Path) -> None:
    planted = {
        "environments/test.toml": f'access_key = "{ACCESS_KEY}"\n',
        "modules/unused.py": '"""Unused."""\n\nimport os\n',
        "modules/shape.py": '"""Shape."""\n\nWIDTH=1\n',
        "modules/boot.sh": "#!/bin/sh\nrm -rf $FOLDER\n",
        ".github/workflows/no-steps.yml": "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n",
    }
    for file, text in planted.items():
        (clone / file).write_text(text)
    ran = commit_hooks(clone)
    for file in planted:
        (clone / file).unlink()
    assert ran.returncode == 1
    stopped = {"detect-secrets", "ruff-check", "ruff-format", "shellcheck", "actionlint"}
    assert stopped <= set(re.findall("hook id: (.*)", ran.stdout))
