"""Tests that the synthesized stacks are a Terraform project on their own, as docs/successors.md tells."""

import shutil
from pathlib import Path

import pytest

from local.deployment import Deployment
from synth.manifest import stacks_in_order
from tests.e2e.conftest import run
from tests.environments import ENVIRONMENTS

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("deployment", ENVIRONMENTS, indirect=True)]


def test_terraform_alone_plans_no_change(deployment: Deployment, terraform: str, scratch: Path) -> None:
    """With the JSON and the lock file alone, and without this project's programs on the PATH."""
    environment = {**deployment.environment, "PATH": "/usr/bin:/bin"}
    for stack in stacks_in_order(deployment.folder):
        folder = scratch / stack.name
        folder.mkdir()
        for name in ("cdk.tf.json", ".terraform.lock.hcl"):
            shutil.copy(stack.folder / name, folder)
        run(terraform, folder, "init", "-input=false", environment=environment)
        # Its exit code is 2 if there are changes.
        run(terraform, folder, "plan", "-input=false", "-detailed-exitcode", environment=environment)
