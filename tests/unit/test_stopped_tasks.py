"""Tests of what ``ops`` says of stopped tasks, with AWS's own stop codes and reasons."""

from typing import Any

import pytest

from ops.failed_starts import cause
from ops.stopped_tasks import failed, why_stopped

EXPECTED = "killed 120 s after SIGTERM, as expected of the worker"


def task(stop_code: str, reason: str, exit_code: int | None = None, container_reason: str | None = None) -> Any:
    """Returns a stopped task as ECS describes it."""
    container = {"name": "langfuse-dev-worker", "exitCode": exit_code, "reason": container_reason}
    known = {name: value for name, value in container.items() if value is not None}
    return {"stopCode": stop_code, "stoppedReason": reason, "containers": [known]}


DEPLOYED = "Scaling activity initiated by (deployment ecs-svc/4711)"


@pytest.mark.parametrize(
    ("stopped", "is_failure", "text"),
    [
        (task("ServiceSchedulerInitiated", DEPLOYED, 137), False, f"{DEPLOYED}, exit code 137, {EXPECTED}"),
        (task("ServiceSchedulerInitiated", DEPLOYED, 0), False, f"{DEPLOYED}, exit code 0"),
        (task("UserInitiated", "Task stopped by user", 137), False, f"Task stopped by user, exit code 137, {EXPECTED}"),
        # https://repost.aws/knowledge-center/fargate-spot-termination-notice
        (
            task("SpotInterruption", "Your Spot Task was interrupted.", 137),
            False,
            f"Your Spot Task was interrupted., exit code 137, {EXPECTED}",
        ),
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


def test_only_the_worker_is_expected_to_be_killed() -> None:
    stopped = task("ServiceSchedulerInitiated", DEPLOYED, 137)
    stopped["containers"][0]["name"] = "langfuse-dev-web"
    assert not failed(stopped)
    assert why_stopped(stopped) == f"{DEPLOYED}, exit code 137, killed 120 s after SIGTERM"


def test_a_container_that_ended_before_langfuse_started_is_left_out() -> None:
    stopped = task("EssentialContainerExited", "Essential container in task exited", 1)
    stopped["containers"].append({"name": "ca-certificates", "exitCode": 0})
    assert why_stopped(stopped) == "Essential container in task exited, exit code 1"


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror/langfuse:4.16.0"
RETRIED = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref"
HUB = "https://registry-1.docker.io/v2/langfuse/langfuse/manifests/4.16.0"


@pytest.mark.parametrize(
    ("reason", "what", "remedy"),
    [
        (f"{RETRIED} {IMAGE}: {IMAGE}: not found", "its registry does not have it", "copy the image there"),
        (
            "CannotPullContainerError: API error (404): repository 1.dkr.ecr.us-east-1.amazonaws.com/a not found",
            "its registry does not have it",
            "langfuse.version",
        ),
        (
            f"{RETRIED} {IMAGE}: pulling from host failed with status code [manifests 4.16.0]: 403 Forbidden",
            "the execution role may not",
            "policy of a repository of ECR in another account",
        ),
        (
            "CannotPullContainerError: pull access denied for a/b, repository does not exist or may require login",
            "the execution role may not",
            "without a login",
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed:"
            " unable to retrieve ecr registry auth: AccessDeniedException: not authorized to perform"
            " ecr:GetAuthorizationToken",
            "the execution role may not",
            "langfuse.registry",
        ),
        (
            f"{RETRIED} docker.io/langfuse/langfuse:4.16.0: 429 Too Many Requests - toomanyrequests: You have reached"
            " your unauthenticated pull rate limit.",
            "its registry limits pulls",
            "a registry with a copy",
        ),
        (
            f'{RETRIED} a: failed to do request: Head "{HUB}": dial tcp 34.205.13.154:443: i/o timeout',
            "its registry is out of reach",
            "NAT gateway, VPC endpoints",
        ),
        (
            "CannotPullContainerError: API error (500): Get https://a/v2/: net/http: request canceled while waiting",
            "its registry is out of reach",
            "NAT gateway",
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth"
            " from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network"
            " configuration.",
            "its registry is out of reach",
            "NAT gateway",
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain"
            " descriptor matching platform 'linux/arm64'",
            "it is not built for ARM64",
            "linux/arm64",
        ),
        ("CannotPullContainerError: something new", "the image was not pulled", "docs/images.md"),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed:"
            " unable to retrieve secret from asm: AccessDeniedException",
            "its secrets were not read",
            "ops doctor",
        ),
        ("Task failed container health checks", "it ran, and was not healthy", "langfuse.base_path"),
        ("Essential container in task exited", "a container started, and ended by itself", "ops logs"),
    ],
)
def test_a_failed_pull_is_told_from_a_failed_start(reason: str, what: str, remedy: str) -> None:
    """With the texts in AWS's documentation, and in public reports of them."""
    found = cause(task("TaskFailedToStart", reason))
    assert what in found.what
    assert found.what.startswith("the image was not pulled") == (
        "docs/images.md" in found.remedy or "NAT" in found.remedy
    )
    assert remedy in found.remedy


def test_a_task_without_memory_has_a_remedy_of_its_own() -> None:
    stopped = task("EssentialContainerExited", "Essential container in task exited", 137, "OutOfMemoryError: killed")
    assert "memory_mib" in cause(stopped).remedy
