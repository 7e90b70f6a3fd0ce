"""Tests of the choice of the framework that synthesizes. tests/e2e/test_frameworks.py compares what they give."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from synth.framework import OTHERS, VARIABLE
from tests.command_line import PROJECT

OTHER_VERSIONS = {"cdktf-provider-6": {"cdktf-cdktf-provider-aws"}, "cdktn": {"constructs"}}
"""Packages that a framework needs in another version."""


def pins(name: str) -> dict[str, str]:
    """Returns the versions in a requirements*.in, by package."""
    lines = (PROJECT / f"{name}.in").read_text().splitlines()
    return dict(line.partition(" ")[0].split("==") for line in lines if "==" in line)


@pytest.mark.parametrize("framework", OTHERS)
def test_one_that_is_not_installed_is_refused_in_one_line(framework: str, tmp_path: Path) -> None:
    (tmp_path / "synth").mkdir()
    for name in ("main.py", "entry_point.py", "synth/__init__.py", "synth/framework.py"):
        shutil.copy(PROJECT / name, tmp_path / name)
    ran = subprocess.run(
        [sys.executable, "main.py"],
        cwd=tmp_path,
        env={**os.environ, VARIABLE: framework},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr == f"synth: {framework} is not installed: run `make setup FRAMEWORK={framework}`\n"


@pytest.mark.parametrize("framework", OTHERS)
def test_its_environment_has_the_same_versions_of_the_other_packages(framework: str) -> None:
    usual, other = pins("requirements"), pins(f"requirements-{framework}")
    shared = usual.keys() & other.keys()
    assert {"jsii", "pydantic"} <= shared
    assert {name for name in shared if other[name] != usual[name]} == OTHER_VERSIONS[framework]


def test_make_knows_the_same_frameworks() -> None:
    assert f"FRAMEWORKS := {' '.join(OTHERS)}\n" in (PROJECT / "Makefile").read_text()


def test_make_refuses_one_that_does_not_exist() -> None:
    command = ["make", "--dry-run", "synth", "FRAMEWORK=cdk8s"]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "FRAMEWORK is cdk8s: it must be cdktf, cdktf-provider-6 or cdktn" in ran.stderr
