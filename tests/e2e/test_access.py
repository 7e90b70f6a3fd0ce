"""Tests that ``ops plan`` and ``ops apply`` leave the stack ``access`` to an administrator, on a deployment with it."""

import json

import pytest

from local.deployment import Deployment
from ops.apply import ADMINISTRATORS_STACK
from tests.command_line import ops
from tests.e2e.conftest import Planned, plan

pytestmark = pytest.mark.e2e

on_a_deployment_with_it = pytest.mark.parametrize("deployment", ["dev-edge"], indirect=True)


def saved(planned: Planned) -> list[str]:
    """Returns the stacks whose plans are saved."""
    assert planned.ran.returncode == 0, planned.ran.stderr
    return sorted(file.parent.name for file in planned.folder.glob("stacks/*/saved.tfplan"))


@on_a_deployment_with_it
def test_a_plan_of_it_is_saved_only_if_it_changes_something(
    deployment: Deployment,  # noqa: ARG001  the one that is planned
    second_plan: Planned,
) -> None:
    assert saved(second_plan) == ["data", "network", "services"]


@on_a_deployment_with_it
def test_its_changes_are_reviewed_and_not_applied(deployment: Deployment) -> None:
    other = {"LANGFUSE_AWS__ACCESS__REPOSITORY": "acme/other"}
    planned = plan(deployment, "of-another-repository", "--json", **other)
    assert ADMINISTRATORS_STACK in saved(planned)
    assert json.loads(planned.ran.stdout)["stacks"][ADMINISTRATORS_STACK]["change"] == 2
    applied = ops("apply", "--json", environment={**deployment.environment, "CDKTF_OUTDIR": str(planned.folder)})
    assert applied.returncode == 0, applied.stderr
    assert json.loads(applied.stdout) == {
        "applied": ["network", "data", "services"],
        "waiting": [],
        "left_to_administrator": [ADMINISTRATORS_STACK],
    }
    iam = deployment.aws.session().client("iam", endpoint_url=deployment.aws.url)
    for name in ("plan", "deploy"):
        trust = iam.get_role(RoleName=f"langfuse-dev-{name}")["Role"]["AssumeRolePolicyDocument"]
        assert "acme/langfuse" in json.dumps(trust)
        assert "acme/other" not in json.dumps(trust)


@on_a_deployment_with_it
def test_each_role_of_the_graph_has_the_boundary_in_aws(deployment: Deployment) -> None:
    iam = deployment.aws.session().client("iam", endpoint_url=deployment.aws.url)
    names = [role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
    boundaries = {
        name: iam.get_role(RoleName=name)["Role"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        for name in names
        if name.startswith("langfuse-dev-")
    }
    unbound = {"langfuse-dev-plan", "langfuse-dev-deploy"}
    assert {name for name, arn in boundaries.items() if arn is None} == unbound
    assert {arn for arn in boundaries.values() if arn} == {"arn:aws:iam::000000000000:policy/langfuse-dev-boundary"}
