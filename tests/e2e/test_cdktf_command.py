"""Tests of the command ``cdktf`` with the real cdktf-cli."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import PROJECT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("cdktf-command")]


def test_synth_without_a_terminal_prints_no_spinner(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    ran = subprocess.run(
        [sys.executable, "-m", "launchers.cdktf", "synth", "--output", str(tmp_path / "out")],
        cwd=PROJECT,
        env={**environment, "LANGFUSE_ENV": "dev"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Synthesizing" not in ran.stdout
    assert "Generated Terraform code for the stacks: data, network, services" in ran.stdout
    assert (tmp_path / "out" / "stacks" / "services" / "cdk.tf.json").exists()
