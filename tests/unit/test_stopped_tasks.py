"""Tests of what ``ops`` says of stopped tasks, with AWS's own stop codes and reasons."""

from typing import Any

import pytest

from ops.stopped_tasks import failed, why_stopped

EXPECTED = "killed 120 s after SIGTERM, as expected of the worker"


def task(stop_code: str, reason: str, exit_code: int | None = None, container_reason: str | None = None) -> Any:
    """Returns a stopped task as ECS describes it."""
    container = {"name": "worker", "exitCode": exit_code, "reason": container_reason}
    known = {name: value for name, value in container.items() if value is not None}
    return {"stopCode": stop_code, "stoppedReason": reason, "containers": [known]}


DEPLOYED = "Scaling activity initiated by (deployment ecs-svc/4711)"


@pytest.mark.parametrize(
    ("stopped", "is_failure", "text"),
    [
        (task("ServiceSchedulerInitiated", DEPLOYED, 137), False, f"{DEPLOYED}, exit code 137, {EXPECTED}"),
        (task("ServiceSchedulerInitiated", DEPLOYED, 0), False, f"{DEPLOYED}, exit code 0"),
        (task("UserInitiated", "Task stopped by user", 137), False, f"Task stopped by user, exit code 137, {EXPECTED}"),
        (
            task("EssentialContainerExited", "Essential container in task exited", 137, "OutOfMemoryError: killed"),
            True,
            "Essential container in task exited, OutOfMemoryError: killed, exit code 137",
        ),
        (
            task("ServiceSchedulerInitiated", "Task failed container health checks", 137),
            True,
            "Task failed container health checks, exit code 137",
        ),
        (
            task("TaskFailedToStart", "CannotPullContainerError: not found"),
            True,
            "CannotPullContainerError: not found",
        ),
    ],
)
def test_a_killed_worker_that_was_told_to_stop_is_no_failure(stopped: Any, is_failure: bool, text: str) -> None:
    assert failed(stopped) is is_failure
    assert why_stopped(stopped) == text
