"""Tests that docs/destroy.md holds for ``dev``, which leaves nothing. ``prod``, which does, is in tests/changes."""

import json

import pytest

from local.deployment import Deployment
from tests.command_line import ops

pytestmark = pytest.mark.e2e


def verdicts(deployment: Deployment) -> dict[str, str]:
    """Returns the verdicts of ``ops preflight``, by check."""
    ran = ops("preflight", "--json", environment=deployment.environment)
    return {finding["check"]: finding["verdict"] for finding in json.loads(ran.stdout)["findings"]}


def test_what_is_deployed_is_not_taken_for_what_an_earlier_deployment_left(deployment: Deployment) -> None:
    found = verdicts(deployment)
    assert {found[check] for check in ("state bucket", "secrets' names", "log groups' names")} == {"ok"}
    assert found.get("backup vault's name", "ok") == "ok"
    assert not {"VPCs", "Elastic IP addresses", "EC2 vCPUs"} & found.keys()


@pytest.mark.parametrize("deployment", ["dev"], indirect=True)
def test_dev_is_destroyed_and_deployed_again(deployment: Deployment) -> None:
    """At the end, the fixture destroys it once more, and finds what either destroy has left."""
    assert deployment.destroy() == 0
    assert set(verdicts(deployment).values()) == {"ok", "warning"}
    assert deployment.deploy() == 0
    status = ops("status", "--json", environment=deployment.environment)
    assert status.returncode == 0, status.stderr
    states = {row["what"]: row["state"] for row in json.loads(status.stdout)}
    assert (states["web"], states["worker"], states["PostgreSQL"]) == ("COMPLETED", "COMPLETED", "available")
