"""Fixtures for the end-to-end tests: Terraform, an embedded AWS and deployed environments."""

import lazy_bindings  # noqa: F401  before any test imports cdktf, or each of the processes loads all bindings

import dataclasses
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from local import embedded_aws
from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from setup.terraform import BIN, PROVIDERS
from tests.ci_roles import CiDeployment, settings_of, with_ci_roles
from tests.command_line import Ran, ops
from tests.e2e.inventory import inventory
from tests.environments import ENVIRONMENTS, RUNNING, SECURED, UPGRADED, load
from tests.progress import report_of
from tests.recorded_calls import store_calls

REGION = "us-east-1"
SWITCHED = "dev-switched"
"""A deployment whose settings tests change without changing them back. Its databases are upgraded."""
UNPROTECTED = {"LANGFUSE_AWS__DELETION_PROTECTION": "false", "LANGFUSE_AWS__SECRETS__RECOVERY_WINDOW_DAYS": "0"}
TERRAFORM = str(BIN / "terraform")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Groups the tests by deployment: pytest-xdist runs those of one deployment in sequence, in one process."""
    if isinstance(item, pytest.Function) and "deployment" in item.fixturenames:
        item.add_marker(pytest.mark.xdist_group(item.callspec.params["deployment"]))


@pytest.fixture(scope="session")
def terraform() -> str:
    """Path of Terraform. If Terraform or the AWS provider is missing, the test is skipped, or fails in CI."""
    if not (Path(TERRAFORM).exists() and PROVIDERS.is_dir()):
        reason = "there is no Terraform with the AWS provider: run `make setup`"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return TERRAFORM


@pytest.fixture(scope="session")
def aws() -> Iterator[EmbeddedAws]:
    """An embedded AWS, empty when the session starts."""
    with embedded_aws.running(REGION) as running:
        yield running


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def deployment(
    request: pytest.FixtureRequest,
    terraform: str,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """An environment, deployed to its own embedded AWS. At the end, it is destroyed, and no resource may remain.

    The tests of ``dev`` only read. Those of ``prod`` also run ``ops scale``, ``redeploy`` and ``clickhouse set``.
    Tests that change more have their own deployment, whose name is the environment, a dash and the purpose. So have
    those of other settings, which ``SECURED`` has by this name. Where the settings have roles for CI, these roles plan,
    deploy and destroy.
    """
    environment = request.param.partition("-")[0]
    folder = tmp_path_factory.mktemp(request.param)
    variables = {"LANGFUSE_ENV": environment, **RUNNING, **SECURED.get(request.param, {})}
    with embedded_aws.running(load(environment, variables).region) as aws:
        if zones := [name for name in variables if name.endswith("__HOSTED_ZONE_ID")]:
            variables |= dict.fromkeys(zones, _hosted_zone(aws))
        deployed = Deployment(aws, folder, variables, report_of(request.param))
        assert deployed.bootstrap() == 0
        before = inventory(aws)
        deployed = with_ci_roles(deployed)
        assert deployed.deploy() == 0
        yield deployed
        if load(environment).deletion_protection or request.param == SWITCHED:
            # As an operator would: a deploy removes deletion protection, and restores the settings before a destroy.
            upgraded = UPGRADED if request.param == SWITCHED else {}
            deployed = dataclasses.replace(deployed, variables={**deployed.variables, **UNPROTECTED, **upgraded})
            assert deployed.deploy() == 0
        assert deployed.destroy() == 0
        if isinstance(deployed, CiDeployment):
            assert deployed.administrator.destroy() == 0
        assert inventory(aws) - before == set()
        store_calls(aws, settings_of(deployed))


def _hosted_zone(aws: EmbeddedAws) -> str:
    client = aws.session().client("route53", endpoint_url=aws.url)
    id_: str = client.create_hosted_zone(Name="example.com", CallerReference="existing")["HostedZone"]["Id"]
    return id_.removeprefix("/hostedzone/")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A temporary folder. The path of pytest's own is too long for the sockets of Terraform's plugins."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


class Planned(NamedTuple):
    """The result of ``ops plan``, and the folder with the synthesized stacks and their plans."""

    ran: Ran
    folder: Path


def plan(deployment: Deployment, folder_name: str = "planned", *options: str, **changed: str) -> Planned:
    """Runs ``ops plan`` for a deployment, with some variables ``changed``, in a folder inside the deployment's."""
    folder = deployment.folder / folder_name
    credentials = deployment.planning if isinstance(deployment, CiDeployment) else {}
    name = {"CDKTF_OUTDIR": str(folder), "AWS_SDK_UA_APP_ID": "ops-plan"}
    environment = {**deployment.environment, **credentials, **changed, **name}
    return Planned(ops("plan", *options, environment=environment), folder)


@pytest.fixture(scope="session")
def second_plan(deployment: Deployment) -> Planned:
    """A plan of the deployment with unchanged settings."""
    return plan(deployment, "second-plan")


def run(terraform: str, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Runs Terraform and returns its output. If it fails, the test fails and shows the output."""
    ran = subprocess.run(
        [terraform, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"terraform {' '.join(arguments)}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
