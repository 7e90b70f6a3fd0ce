"""Tests that a deploy waits for healthy tasks, and fails if they are not."""

import dataclasses
from datetime import datetime
from typing import Any

import pytest

from local.deployment import Deployment
from settings.images import DEFAULT_REGISTRY
from tests.e2e.conftest import plan

pytestmark = pytest.mark.e2e

CRASHING_VERSION = "4.97.0"
CRASHING_IMAGE = f"{DEFAULT_REGISTRY}/langfuse:{CRASHING_VERSION}"


def client(deployment: Deployment, service: str) -> Any:
    """Creates a client of a service of the embedded AWS."""
    return deployment.aws.session().client(service, endpoint_url=deployment.aws.url)  # type: ignore[call-overload]


def services(deployment: Deployment) -> dict[str, Any]:
    """Returns the descriptions of the services from ECS, by the names ``web`` and ``worker``."""
    outputs = deployment.outputs()["services"]
    names = {outputs[f"{service}_service_name"]: service for service in ("web", "worker")}
    described = client(deployment, "ecs").describe_services(cluster=outputs["cluster_name"], services=list(names))
    return {names[service["serviceName"]]: service for service in described["services"]}


def first_steady(service: dict[str, Any]) -> datetime:
    """Returns when the service was steady for the first time."""
    times: list[datetime] = [event["createdAt"] for event in service["events"] if "steady state" in event["message"]]
    return min(times)


def test_the_worker_and_autoscaling_come_after_healthy_tasks(deployment: Deployment) -> None:
    """Two tasks of web that migrate at the same time leave the databases dirty (langfuse/langfuse#13321)."""
    described = services(deployment)
    assert described["worker"]["createdAt"] >= first_steady(described["web"])
    targets = client(deployment, "application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    created = {target["ResourceId"]: target["CreationTime"] for target in targets["ScalableTargets"]}
    for service in described.values():
        cluster = service["clusterArn"].rpartition("/")[2]
        assert created[f"service/{cluster}/{service['serviceName']}"] >= first_steady(service)


@pytest.mark.parametrize("deployment", ["dev-operated"], indirect=True)
def test_a_version_that_crashes_fails_the_deploy_and_the_next_one_is_as_before(deployment: Deployment) -> None:
    before = services(deployment)
    deployment.aws.crash(CRASHING_IMAGE)
    said: list[str] = []
    crashing = dataclasses.replace(
        deployment,
        variables={**deployment.variables, "LANGFUSE_AWS__LANGFUSE__VERSION": CRASHING_VERSION},
        report=said.append,
    )
    assert crashing.deploy() != 0
    why = "Essential container in task exited, exit code 1"
    assert any("ops: langfuse-dev-web: " in line and why in line for line in said), "\n".join(said[-40:])
    # The worker stays as it is until web is healthy.
    assert services(deployment)["worker"]["taskDefinition"] == before["worker"]["taskDefinition"]

    deployment.aws.crash()
    assert deployment.deploy() == 0
    planned = plan(deployment).ran
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.startswith("### ✅ No changes\n")
