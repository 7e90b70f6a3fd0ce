"""Runs the steps of docs/lazy-bindings.md where nothing but ``lazy_bindings`` and the installed packages is."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.command_line import PROJECT
from tests.docs.conftest import run_of
from tests.docs.session import failure, run_blocks

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("local")]

PYTHON = f"""#!/bin/sh
# Without site, which would put this project on the path.
PYTHONPATH={shlex.quote(sysconfig.get_path("purelib"))} exec {shlex.quote(sys.executable)} -S "$@"
"""
LOADED = """
import main, sys
print(*sorted(name for name in sys.modules if "provider_aws." in name and "._" not in name))
"""


def test_the_steps_work_without_anything_else_of_this_project(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "lazy_bindings", folder / "lazy_bindings", ignore=ignored)
    # The steps run with this folder first on the PATH.
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    steps = run_of("docs/lazy-bindings.md")
    ran = run_blocks(steps, folder, os.environ)
    if ran.returncode != 0:
        pytest.fail(failure(steps, ran), pytrace=False)
    assert ran.stdout.splitlines()[-1] == "same", ran.stdout
    assert "synth will be slow" not in ran.stdout

    example = folder / "example"
    stack = json.loads((example / "cdktf.out" / "stacks" / "small" / "cdk.tf.json").read_text())
    assert {*stack["resource"]} == {"aws_vpc", "aws_s3_bucket"}
    loaded = subprocess.run([str(python), "-c", LOADED], cwd=example, capture_output=True, text=True, check=True)
    assert [name.partition(".")[2] for name in loaded.stdout.split()] == ["provider", "s3_bucket", "vpc"]
