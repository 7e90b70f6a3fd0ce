"""An embedded AWS, and whether there is a Terraform to use it with."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import embedded_aws
from local.embedded_aws import EmbeddedAws

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
        init = subprocess.run([program, "init", "-no-color"], cwd=folder, capture_output=True, text=True, check=False)
        if init.returncode == 0:
            return program
        reason = f"terraform finds no AWS provider (see TERRAFORM_PROVIDER_MIRROR in the README): {init.stderr}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def aws(terraform: str) -> Iterator[EmbeddedAws]:  # noqa: ARG001
    """An embedded AWS that is empty at first."""
    with embedded_aws.running(REGION) as running:
        yield running


def run(terraform: str, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Runs terraform and returns what it printed; a failure shows all of it."""
    ran = subprocess.run(
        [terraform, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"terraform {' '.join(arguments)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
