"""An embedded AWS, whether there is a Terraform to use it with, and environments that are deployed for the tests."""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from local import embedded_aws
from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from setup import LOCK_FILE
from tests.command_line import Ran, ops
from tests.e2e.inventory import inventory
from tests.environments import ENVIRONMENTS, RUNNING, load
from tests.progress import report_of

REGION = "us-east-1"
SWITCHED = "dev-switched"
"""A deployment that a test leaves with other settings than it was made with."""
UNPROTECTED = {"LANGFUSE_AWS__DELETION_PROTECTION": "false", "LANGFUSE_AWS__SECRETS__RECOVERY_WINDOW_DAYS": "0"}
TERRAFORM = str(Path(sys.prefix, "bin", "terraform"))

PROBE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
"""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Lets the tests of one deployment run in one process, one after the other."""
    if isinstance(item, pytest.Function) and "deployment" in item.fixturenames:
        item.add_marker(pytest.mark.xdist_group(item.callspec.params["deployment"]))


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program. Without it, or without the AWS provider, the test is skipped; in CI it fails."""
    folder = tmp_path_factory.mktemp("provider")
    (folder / "main.tf").write_text(PROBE)
    shutil.copy(LOCK_FILE, folder)
    try:
        run(TERRAFORM, folder, "init", "-no-color")
    except (OSError, AssertionError) as error:
        reason = f"there is no Terraform with the AWS provider: run `make setup`: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return TERRAFORM


@pytest.fixture(scope="session")
def aws() -> Iterator[EmbeddedAws]:
    """An embedded AWS that is empty at first."""
    with embedded_aws.running(REGION) as running:
        yield running


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def deployment(
    request: pytest.FixtureRequest,
    terraform: str,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """An environment, deployed onto an AWS of its own; afterwards it is destroyed without a trace.

    ``dev`` and ``prod`` are for all tests that only look. Tests that break or change what is deployed name one of their
    own: the environment, a dash and what for.
    """
    environment = request.param.partition("-")[0]
    folder = tmp_path_factory.mktemp(request.param)
    with embedded_aws.running(REGION) as aws:
        deployed = Deployment(aws, folder, {"LANGFUSE_ENV": environment, **RUNNING}, report_of(request.param))
        assert deployed.bootstrap() == 0
        before = inventory(aws)
        assert deployed.deploy() == 0
        yield deployed
        if load(environment).deletion_protection or request.param == SWITCHED:
            # As an operator would: what is protected is let go of, and what is destroyed is what the settings say.
            deployed = dataclasses.replace(deployed, variables={**deployed.variables, **UNPROTECTED})
            assert deployed.deploy() == 0
        assert deployed.destroy() == 0
        assert inventory(aws) - before == set()


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary files; pytest's own has too long a path for the sockets of Terraform's plugins."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


class Planned(NamedTuple):
    """What ``ops plan`` said of a deployment, and the folder that it synthesized and planned in."""

    ran: Ran
    folder: Path


def plan(deployment: Deployment, folder_name: str = "planned", **changed: str) -> Planned:
    """Plans a deployment with ``ops plan``, in a folder of the deployment's."""
    folder = deployment.folder / folder_name
    return Planned(ops("plan", environment={**deployment.environment, **changed, "CDKTF_OUTDIR": str(folder)}), folder)


@pytest.fixture(scope="session")
def second_plan(deployment: Deployment) -> Planned:
    """The plan of what is deployed, as it is deployed."""
    return plan(deployment, "second-plan")


def run(terraform: str, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Runs terraform and returns what it printed; a failure shows all of it."""
    ran = subprocess.run(
        [terraform, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"terraform {' '.join(arguments)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
