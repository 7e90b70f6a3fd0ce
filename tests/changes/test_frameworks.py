"""A test that a deployment of one framework of docs/successors.md is one of the others too."""

import dataclasses
import json
from collections.abc import Mapping

import pytest

from local import embedded_aws
from local.deployment import Deployment
from synth.framework import DEFAULT, OTHERS, VARIABLE
from tests.command_line import ops
from tests.e2e.conftest import REGION, terraform  # noqa: F401
from tests.e2e.inventory import inventory
from tests.progress import report_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("frameworks"), pytest.mark.timeout(3600)]

UNCHANGED = dict.fromkeys(("add", "change", "replace", "destroy", "forget"), 0)
UNCHANGED_STACKS = dict.fromkeys(("network", "data", "services"), UNCHANGED)
CHANGED = {"LANGFUSE_AWS__LOG_RETENTION_DAYS": "90", "LANGFUSE_AWS__WEB__MAX_TASKS": "4"}
"""Settings that change something in each stack, and replace nothing."""


@pytest.mark.usefixtures("terraform")
def test_a_deployment_changes_by_each_framework_and_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("frameworks")
    with embedded_aws.running(REGION) as aws:
        dev = Deployment(aws, folder, {"LANGFUSE_ENV": "dev"}, report_of("frameworks"))
        assert dev.bootstrap() == 0
        before = inventory(aws)
        assert dev.deploy() == 0
        values: Mapping[str, str] = {}
        for framework in OTHERS:
            assert planned(by(framework, dev, values)) == UNCHANGED_STACKS
            # The first one changes the settings, the second one changes them back, and so on.
            values = {} if values else CHANGED
            changed = by(framework, dev, values)
            for stack, counts in planned(changed).items():
                assert counts == {**UNCHANGED, "change": counts["change"]}, stack
                assert counts["change"] > 0, stack
            assert changed.deploy() == 0
            assert planned(by(DEFAULT, dev, values)) == UNCHANGED_STACKS
        assert by(framework, dev, values).destroy() == 0
        assert inventory(aws) - before == set()


def by(framework: str, deployment: Deployment, values: Mapping[str, str]) -> Deployment:
    """The same deployment, synthesized by another framework, with other values of settings."""
    return dataclasses.replace(deployment, variables={**deployment.variables, **values, VARIABLE: framework})


def planned(deployment: Deployment) -> dict[str, dict[str, int]]:
    """Returns how many resources `ops plan` would add, change and so on, by stack."""
    environment = {**deployment.environment, "CDKTF_OUTDIR": str(deployment.folder / "planned")}
    ran = ops("plan", "--json", environment=environment)
    assert ran.returncode == 0, ran.stderr[-3000:]
    stacks: dict[str, dict[str, int]] = json.loads(ran.stdout)["stacks"]
    return stacks
