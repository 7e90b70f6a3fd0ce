"""Tests of the output of ``make local``, and of the commands that it suggests."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.command_line import PROJECT, start_local

# The file sorts last in its group, because its test waits most of the time.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("local")]

DEADLINE_SECONDS = 120
LINES = 58
"""Maximum number of lines that ``make local`` prints to a pipe. The set-up may print five more."""


@pytest.mark.usefixtures("terraform")
def test_a_deploy_is_told_in_few_lines_and_can_be_tried_as_it_says(scratch: Path) -> None:
    # No other test deploys this environment.
    process = start_local(scratch, LANGFUSE_ENV="trial")
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if "ops doctor" in line:
            break
    exports = [line.strip() for line in lines if line.lstrip().startswith("export ")]
    tried = subprocess.run(
        ["sh", "-ec", "\n".join([*exports, ".venv/bin/ops outputs --json"])],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    os.killpg(process.pid, signal.SIGINT)
    rest, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert err == ""
    assert process.returncode == 130
    assert tried.returncode == 0, tried.stderr
    said = "\n".join([*lines, rest])
    assert said.count("\n") <= LINES
    assert "cross-stack" not in said
    for stack, outputs in json.loads(tried.stdout).items():
        assert re.search(rf"^\d+:\d\d  {stack}: \d+ resources in \d+:\d\d$", said, re.MULTILINE)
        for name, value in outputs.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            assert re.search(rf"^│ {stack} +│ {name} +│ {re.escape(shown)} +│$", said, re.MULTILINE)
