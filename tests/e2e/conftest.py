"""An embedded AWS, whether there is a Terraform to use it with, and each environment deployed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import embedded_aws
from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from stacks.provider_lock import LOCK
from tests.e2e.inventory import inventory
from tests.synthesis import ENVIRONMENTS, RUNNING

REGION = "us-east-1"

PROBE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
"""


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program. Without it, or without the AWS provider, the test is skipped; in CI it fails."""
    program = shutil.which("terraform")
    reason = "there is no terraform on the PATH"
    if program:
        folder = tmp_path_factory.mktemp("provider")
        (folder / "main.tf").write_text(PROBE)
        shutil.copy(LOCK, folder)
        init = subprocess.run([program, "init", "-no-color"], cwd=folder, capture_output=True, text=True, check=False)
        if init.returncode == 0:
            return program
        reason = f"terraform finds no AWS provider (see TERRAFORM_PROVIDER_MIRROR in the README): {init.stderr}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def aws(terraform: str) -> Iterator[EmbeddedAws]:  # noqa: ARG001
    """An embedded AWS that is empty at first."""
    with embedded_aws.running(REGION) as running:
        yield running


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def deployment(
    request: pytest.FixtureRequest, aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """One environment, deployed, for all tests of the session; afterwards it is destroyed without a trace."""
    environment = request.param
    deployed = Deployment(aws, tmp_path_factory.mktemp(environment), {"LANGFUSE_ENV": environment, **RUNNING})
    assert deployed.bootstrap() == 0
    before = inventory(aws)
    assert deployed.deploy() == 0
    yield deployed
    # Protected things have to be let go of first, as an operator would; and what a test switched is switched back.
    unprotected = Deployment(
        aws,
        deployed.folder,
        {
            **deployed.variables,
            "LANGFUSE_AWS__DELETION_PROTECTION": "false",
            "LANGFUSE_AWS__SECRETS__RECOVERY_WINDOW_DAYS": "0",
        },
    )
    assert unprotected.deploy() == 0
    assert unprotected.destroy() == 0
    assert inventory(aws) - before == set()


def run(terraform: str, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Runs terraform and returns what it printed; a failure shows all of it."""
    ran = subprocess.run(
        [terraform, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"terraform {' '.join(arguments)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
