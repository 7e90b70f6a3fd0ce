"""Tests that a stack that is added to ``add_stacks`` is planned and applied without any other change."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.deployment import Deployment
from tests.command_line import Ran, copy_project
from tests.e2e.conftest import TERRAFORM, run

pytestmark = pytest.mark.e2e

AUDIT_STACK = '''"""A stack that reads an output of another stack."""

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from constructs import Construct

from settings import Settings
from stacks.base import LangfuseStack
from stacks.network import NetworkStack


class AuditStack(LangfuseStack):
    def __init__(self, scope: Construct, id_: str, settings: Settings, *, network: NetworkStack) -> None:
        super().__init__(scope, id_, settings)
        CloudwatchLogGroup(self, "log-group", name=f"{settings.prefix}-audit", tags={"Vpc": network.vpc.id})
        self.add_outputs({"audited_vpc_id": network.vpc.id})
'''


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of the project with a fourth stack."""
    folder = tmp_path / "app"
    copy_project(folder)
    (folder / "stacks" / "audit.py").write_text(AUDIT_STACK)
    stacks = folder / "stacks" / "__init__.py"
    text = stacks.read_text()
    text = text.replace("import DataStack\n", "import DataStack\nfrom stacks.audit import AuditStack\n")
    graph = "graph = [network, data, services]"
    assert graph in text
    stacks.write_text(
        text.replace(graph, f'graph = [AuditStack(scope, "audit", settings, network=network), {graph[9:]}')
    )
    return folder


@pytest.mark.parametrize("deployment", ["dev-restored"], indirect=True)
def test_a_fourth_stack_is_planned_and_applied(app: Path, deployment: Deployment) -> None:
    outdir = deployment.folder / "four"
    variables = {**os.environ, **deployment.environment, "CDKTF_OUTDIR": str(outdir)}

    def ops(*arguments: str) -> Ran:
        ran = subprocess.run(
            [sys.executable, "-m", "ops", *arguments],
            cwd=app,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran

    planned = ops("plan").stdout
    assert "| audit | 1 | 0 | 0 | 0 | 0 |" in planned
    for stack in ("network", "data", "services"):
        assert f"| {stack} | 0 | 0 | 0 | 0 | 0 | 0 |\n" in planned
    applied = ops("apply").stdout.splitlines()
    assert set(applied) == {f"{stack}: applied" for stack in ("network", "data", "services", "audit")}
    assert applied.index("audit: applied") > applied.index("network: applied")
    outputs = json.loads(ops("outputs", "--json").stdout)
    assert outputs["audit"] == {"audited_vpc_id": outputs["network"]["vpc_id"]}
    run(TERRAFORM, outdir / "stacks" / "audit", "destroy", "-auto-approve", "-no-color", environment=variables)
