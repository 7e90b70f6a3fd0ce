"""Why tasks of a service stopped."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import TaskTypeDef

KILLED = 137
"""The exit code of a container that was killed: some time after SIGTERM, or for want of memory."""
ENDED_BY_ITSELF = ("EssentialContainerExited", "TaskFailedToStart")


def stopped_tasks(ecs: "ECSClient", cluster: str, service_name: str) -> "list[TaskTypeDef]":
    """The stopped tasks of a service, the latest first. ECS forgets them after an hour."""
    arns = ecs.list_tasks(cluster=cluster, serviceName=service_name, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    return sorted(tasks, key=lambda task: task.get("stoppedAt", datetime.min.replace(tzinfo=UTC)), reverse=True)


def failed(task: "TaskTypeDef") -> bool:
    """Whether it ended by itself, or was unhealthy: no deployment, smaller desired count or person stopped it."""
    return task.get("stopCode") in (None, *ENDED_BY_ITSELF) or "health checks" in task.get("stoppedReason", "")


def why_stopped(task: "TaskTypeDef") -> str:
    """The task's stop reason, and its containers' reasons and exit codes.

    ECS kills each worker that it stops: Langfuse's worker does not end within the 120 s that Fargate allows after
    SIGTERM. The text says that this is expected, of the worker alone.
    """
    reasons = [task.get("stoppedReason", "-")]
    alone = len(task["containers"]) == 1
    for container in task["containers"]:
        code = container.get("exitCode")
        reasons += [container["reason"]] if container.get("reason") else []
        # A container that ended as it should, before Langfuse started, explains nothing.
        reasons += [f"exit code {code}"] if code is not None and (alone or code != 0) else []
    killed = [container for container in task["containers"] if container.get("exitCode") == KILLED]
    if killed and not failed(task):
        expected = all(container["name"].endswith("worker") for container in killed)
        reasons.append("killed 120 s after SIGTERM" + (", as expected of the worker" if expected else ""))
    return ", ".join(dict.fromkeys(reasons))
