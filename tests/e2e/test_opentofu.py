"""Tests that every public face runs the program that OPENTOFU names, by one that passes its calls on to Terraform.

No registry of packages that this project uses has OpenTofu itself: docs/opentofu.md says what no run has shown.
"""

import dataclasses
import os
from pathlib import Path

import pytest

from local.deployment import Deployment
from setup import LOCK_FILE
from tests.command_line import PROJECT, ops
from tests.e2e.conftest import TERRAFORM, plan

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("deployment", ["dev-operated"], indirect=True)]

STACKS = ("network", "data", "services")
REWRITTEN = "# by the registry of OpenTofu"
STAND_IN = """#!/bin/sh
if [ "$*" = version ]; then echo "OpenTofu v1.12.0"; exit; fi
echo "$(basename "$PWD")" "$1" >> {calls}
# As OpenTofu, which rewrites the lock file, and plans with no other.
if [ "$1" = plan ] && ! grep -q "{rewritten}" {lock}; then echo "no provider is locked" >&2; exit 1; fi
{terraform} "$@" || exit
if [ "$1" = init ]; then echo "{rewritten}" >> {lock}; fi
"""


class StandIn:
    """A program for OPENTOFU, which notes its calls."""

    def __init__(self, folder: Path) -> None:
        self._calls = folder / "calls"
        self.file = folder / "tofu"
        self.file.write_text(
            STAND_IN.format(calls=self._calls, rewritten=REWRITTEN, lock=LOCK_FILE.name, terraform=TERRAFORM)
        )
        self.file.chmod(0o755)

    def calls(self) -> list[tuple[str, ...]]:
        """The folder and the command of each call since the last time."""
        found = [tuple(line.split()) for line in self._calls.read_text().splitlines()] if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return found


@pytest.fixture
def tofu(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path)


@pytest.fixture
def with_tofu(deployment: Deployment, tofu: StandIn) -> Deployment:
    """The deployment, with OPENTOFU set to a path from the project's folder, in which commands are typed."""
    named = os.path.relpath(tofu.file, PROJECT)
    return dataclasses.replace(deployment, variables={**deployment.variables, "OPENTOFU": named})


def test_ops_plans_and_applies_with_it(with_tofu: Deployment, tofu: StandIn) -> None:
    planned = plan(with_tofu)
    assert planned.ran.returncode == 0, planned.ran.stderr
    assert tofu.calls() == [(stack, command) for stack in STACKS for command in ("init", "plan", "show")]
    applied = ops("apply", environment={**with_tofu.environment, "CDKTF_OUTDIR": str(planned.folder)})
    assert applied.returncode == 0, applied.stderr
    assert tofu.calls() == [(stack, command) for stack in STACKS for command in ("init", "apply")]


def test_cdktf_and_make_local_deploy_with_it(with_tofu: Deployment, tofu: StandIn) -> None:
    assert with_tofu.deploy() == 0
    calls = tofu.calls()
    assert {(stack, command) for stack in STACKS for command in ("init", "apply", "output")} <= set(calls), calls


def test_ops_recover_works_with_it(with_tofu: Deployment, tofu: StandIn) -> None:
    ran = ops("recover", environment={**with_tofu.environment, "CDKTF_OUTDIR": str(with_tofu.folder / "recovered")})
    assert ran.returncode == 0, ran.stderr
    assert {(stack, command) for stack in STACKS for command in ("init", "state", "plan", "show")} <= set(tofu.calls())
