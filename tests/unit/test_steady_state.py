"""Waiting for ECS, against a stand-in for its API: the embedded one is steady at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from ops import steady_state
from ops.target import OpsError, Outputs, Target
from tests.environments import load
from tests.stand_in import JsonHandler, served

SESSION = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
OUTPUTS = {"cluster_name": "cluster", "web_service_name": "web", "worker_service_name": "worker"}


def service(*deployments: tuple[str, str, str], running: int = 1, desired: int = 1, event: str = "-") -> dict[str, Any]:
    """What ECS says of web; a deployment is its id, its status and its rollout's state."""
    return {
        "serviceName": "web",
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
UPDATED: Any = {"web": STARTING}
"""What UpdateService answered."""
ROLLED_BACK = service(("old", "PRIMARY", "IN_PROGRESS"), ("new", "ACTIVE", "FAILED"), event="rolling back")


@contextmanager
def ecs(monkeypatch: pytest.MonkeyPatch, *answers: dict[str, Any]) -> Iterator[Target]:
    """An environment whose ECS gives these answers, and the last one from then on."""
    left = list(answers)

    class Handler(JsonHandler):
        def do_POST(self) -> None:
            self.body()
            self.answer(200, {"services": [left.pop(0) if len(left) > 1 else left[0]]})

    with served(Handler) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", url)
        monkeypatch.setattr(steady_state, "POLL_SECONDS", 0.01)
        yield Target(load("dev"), SESSION, {"services": Outputs("services", "dev", OUTPUTS)})
        assert len(left) == 1


def test_it_waits_until_the_new_tasks_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ECS says first may be from before the change."""
    with ecs(monkeypatch, BEFORE, STARTING, BOTH, DRAINING, TOO_FEW, STEADY) as here:
        steady_state.wait(here, UPDATED, timeout_seconds=30)


@pytest.mark.parametrize("answer", [BEFORE, STARTING, BOTH, DRAINING, TOO_FEW])
def test_it_gives_up_in_time_and_tells_what_ecs_said_last(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    with ecs(monkeypatch, answer) as here, pytest.raises(OpsError) as failed:
        steady_state.wait(here, UPDATED, timeout_seconds=0)
    assert "web is not steady after 0 s" in str(failed.value)
    assert f"{answer['runningCount']} of {answer['desiredCount']} tasks run" in str(failed.value)
    assert answer["events"][0]["message"] in str(failed.value)
    assert "ops logs web" in str(failed.value)


def test_a_failed_deployment_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with ecs(monkeypatch, STARTING, ROLLED_BACK) as here, pytest.raises(OpsError, match=r"goes back.*rolling back"):
        steady_state.wait(here, UPDATED, timeout_seconds=30)


def test_a_deployment_that_another_overtook_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with ecs(monkeypatch, STARTING, BEFORE) as here, pytest.raises(OpsError, match="took this one's place"):
        steady_state.wait(here, UPDATED, timeout_seconds=30)


def test_a_missing_service_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with ecs(monkeypatch, {**STEADY, "status": "INACTIVE"}) as here, pytest.raises(OpsError, match="make deploy"):
        steady_state.describe(here, ["web"])
