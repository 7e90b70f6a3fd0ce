"""Tests of the wait for ECS with a fake API, for answers that the embedded AWS never gives."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from pytest_httpserver import HTTPServer

from ops import steady_state
from ops.ecs_services import describe_services
from ops.environment import Environment, OpsError, Outputs
from tests.environments import load

SESSION = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
OUTPUTS = {"cluster_name": "cluster", "web_service_name": "web", "worker_service_name": "worker"}

TARGET = "AmazonEC2ContainerServiceV20141113"


def service(*deployments: tuple[str, str, str], running: int = 1, desired: int = 1, event: str = "-") -> dict[str, Any]:
    """Returns a description of web as ECS gives it. A deployment is (id, status, rollout state)."""
    return {
        "serviceName": "web",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2",
        "status": "ACTIVE",
        "runningCount": running,
        "pendingCount": 0,
        "desiredCount": desired,
        "deployments": [{"id": id_, "status": status, "rolloutState": state} for id_, status, state in deployments],
        "events": [{"id": "1", "message": event}],
    }


STEADY = service(("new", "PRIMARY", "COMPLETED"))
STARTING = service(("new", "PRIMARY", "IN_PROGRESS"), running=0, event="has started 1 tasks")
BOTH = service(("new", "PRIMARY", "IN_PROGRESS"), ("old", "ACTIVE", "COMPLETED"))
DRAINING = service(("new", "PRIMARY", "COMPLETED"), ("old", "ACTIVE", "COMPLETED"))
TOO_FEW = service(("new", "PRIMARY", "COMPLETED"), running=1, desired=2)
BEFORE = service(("old", "PRIMARY", "COMPLETED"))
UPDATED: Any = STARTING
"""The answer of UpdateService."""
ROLLED_BACK = service(("old", "PRIMARY", "IN_PROGRESS"), ("new", "ACTIVE", "FAILED"), event="rolling back")


@pytest.fixture
def ecs(fake_server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Environment]]:
    """Creates environments whose ECS returns the given answers in order, and then repeats the last one.

    The test fails if an answer is not requested.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", fake_server.url_for("/"))
    monkeypatch.setattr(steady_state, "POLL_SECONDS", 0.01)

    def environment(*answers: dict[str, Any]) -> Environment:
        described = {"X-Amz-Target": f"{TARGET}.DescribeServices"}
        for answer in answers:
            fake_server.expect_ordered_request("/", headers=described).respond_with_json({"services": [answer]})
        fake_server.expect_request("/", headers=described).respond_with_json({"services": [answers[-1]]})
        listed = {"X-Amz-Target": f"{TARGET}.ListTasks"}
        fake_server.expect_request("/", headers=listed).respond_with_json({"taskArns": []})
        outputs: dict[str, Outputs] = {}
        dev = Environment(load("dev"), SESSION, outputs)
        outputs["services"] = Outputs("services", dev, OUTPUTS)
        return dev

    yield environment
    assert not fake_server.ordered_handlers


def test_it_waits_until_the_new_tasks_run_alone(ecs: Callable[..., Environment]) -> None:
    """The first answer of ECS may describe the state before the change."""
    steady_state.wait_until_steady(
        ecs(BEFORE, STARTING, BOTH, DRAINING, TOO_FEW, STEADY), "web", UPDATED, timeout_seconds=30
    )


def test_a_deployment_that_never_begins_is_told(
    ecs: Callable[..., Environment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the newest answers of ECS must have reached every one of its servers."""
    monkeypatch.setattr(steady_state, "UNSEEN_SECONDS", 0.05)
    with pytest.raises(OpsError, match="web: is not steady"):
        steady_state.wait_until_steady(ecs(BEFORE), "web", UPDATED, timeout_seconds=30)


@pytest.mark.parametrize("answer", [BEFORE, STARTING, BOTH, DRAINING, TOO_FEW])
def test_it_gives_up_in_time_and_tells_what_ecs_said_last(
    ecs: Callable[..., Environment], answer: dict[str, Any]
) -> None:
    with pytest.raises(OpsError) as failed:
        steady_state.wait_until_steady(ecs(answer), "web", UPDATED, timeout_seconds=0)
    assert "web: is not steady after 0 s" in str(failed.value)
    assert f"{answer['runningCount']} of {answer['desiredCount']} tasks run" in str(failed.value)
    assert answer["events"][0]["message"] in str(failed.value)
    assert "ops logs" in str(failed.value)


def test_a_failed_deployment_is_told_at_once(ecs: Callable[..., Environment]) -> None:
    with pytest.raises(OpsError, match=r"deployment failed.*rolling back"):
        steady_state.wait_until_steady(ecs(STARTING, ROLLED_BACK), "web", UPDATED, timeout_seconds=30)


@pytest.mark.parametrize("overtaken", [BEFORE, service(("newer", "PRIMARY", "IN_PROGRESS"), ("new", "ACTIVE", "-"))])
def test_a_deployment_that_another_overtook_is_told(ecs: Callable[..., Environment], overtaken: dict[str, Any]) -> None:
    with pytest.raises(OpsError, match="took this one's place"):
        steady_state.wait_until_steady(ecs(STARTING, overtaken), "web", UPDATED, timeout_seconds=30)


def test_a_rollback_to_the_same_task_definition_is_told(ecs: Callable[..., Environment]) -> None:
    """A deployment of other subnets, for example, has the task definition of the one before."""
    rolling_back = service(("newest", "PRIMARY", "IN_PROGRESS"))
    reason = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/4711."
    rolling_back["deployments"][0]["rolloutStateReason"] = reason
    client = ecs(rolling_back).session.client("ecs")
    rollout = steady_state.Rollout(client, "cluster", "web", "web:2", is_it=lambda _: True)
    with pytest.raises(OpsError, match="rolling back to deploymentId ecs-svc/4711"):
        rollout.wait(30, lambda _: None)


def test_a_missing_service_is_told(ecs: Callable[..., Environment]) -> None:
    with pytest.raises(OpsError, match="make deploy"):
        describe_services(ecs({**STEADY, "status": "INACTIVE"}), ["web"])
