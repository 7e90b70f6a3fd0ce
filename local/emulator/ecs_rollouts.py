"""Makes deployments of ECS services take time and fail as they do on AWS.

They fail if their image crashes, if it is in a repository of ECR, of this account and Region, that does not have it, or
if nothing leads from their subnet to AWS's services.

In ministack 1.5 without Docker, a deployment is ``COMPLETED`` as soon as its tasks run, and never fails. ECS completes
it once the tasks are healthy. If they stop instead, its circuit breaker fails the deployment and rolls back.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.core.responses import json_response
from ministack.services import ecr, ecs

from local.embedded_aws import HEALTHY_SECONDS_VARIABLE
from local.emulator.ministack_gaps import Answer, Handler, wraps
from local.emulator.public_addresses import cut_off_subnet
from settings.images import parse_image

HEALTHY_SECONDS = float(os.environ.get(HEALTHY_SECONDS_VARIABLE, "2"))
"""How long tasks run before they are healthy. The services' tasks run at once."""
CRASH_SECONDS = HEALTHY_SECONDS / 5
"""How long a task of a crashing image runs."""
STOPPED_BY_ECS = (
    "Deployment capacity limit",
    "Deployment completed",
    "Service deleted",
    "Service scaling down",
    "Task definition updated",
)
"""What ministack writes into tasks that the service's scheduler stops."""
NO_WAY_OUT = (
    "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: There is"
    " a connection issue between the task and AWS Secrets Manager. Check your task network configuration. ({})"
)
"""What ECS says of a task in a subnet without a way out:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html"""
KILLED = 137
"""The exit code of a container that does not end within its stop timeout after SIGTERM, as Langfuse's worker."""

Service = dict[str, Any]
Deployment = dict[str, Any]
Task = dict[str, Any]

NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone."
"""What ECS says: https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity."""

_crashing_images: set[str] = set()
_exhausted_providers: set[str] = set()
_lock = threading.RLock()


@wraps(ecs, "_make_deployment")
def started_deployment(make: Callable[..., Deployment], *arguments: object, **named: object) -> Deployment:
    """A new deployment is ``IN_PROGRESS``."""
    deployment = make(*arguments, **named)
    return deployment | {
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {deployment['id']} in progress.",
        "_started_at": time.monotonic(),
    }


@wraps(ecs, "_dispatch_action")
def dispatch_after_progress(dispatch: Handler, action: str, data: Mapping[str, Any]) -> Answer:
    """What has happened since the last request to ECS happens before the next one."""
    with _lock:
        for key, service in list(ecs._services.items()):
            if service["status"] == "ACTIVE":
                _fail_tasks(service)
                if service["runningCount"] < service["desiredCount"] and service.get("capacityProviderStrategy"):
                    ecs._reconcile_service_tasks(_cluster(service), key)
                ecs._complete_service_deployment(_cluster(service), key)
        return dispatch(action, data)


@wraps(ecs, "_run_task")
def placed_where_there_is_capacity(run: Handler, data: Mapping[str, Any]) -> Answer:
    """A service's task waits until a capacity provider of its strategy has capacity; ECS says so in an event."""
    providers = {item["capacityProvider"] for item in data.get("capacityProviderStrategy") or ()}
    if not providers or providers - _exhausted_providers:
        return run(data)
    service = ecs._services[f"{data['cluster']}/{data['startedBy']}"]
    message = f"was unable to place a task. Reason: {NO_CAPACITY}"
    if not service["events"] or message not in service["events"][0]["message"]:
        _add_event(service, message)
    answer: Answer = json_response({"tasks": [], "failures": [{"reason": NO_CAPACITY}]})
    return answer


def _fail_tasks(service: Service) -> None:
    """Stops one task of the deployment in progress for each ``CRASH_SECONDS`` of its age, if it can't stay."""
    while (
        (primary := ecs._primary_deployment(service))["rolloutState"] == "IN_PROGRESS"
        and (primary["failedTasks"] + 1) * CRASH_SECONDS <= _age_seconds(primary)
        and (task := _failing_task(service, primary))
    ):
        if subnet := cut_off_subnet(service):
            ecs._mark_task_stopped(task["taskArn"], task, NO_WAY_OUT.format(subnet), "TaskFailedToStart")
        elif missing := _missing_image(task):
            ecs._mark_task_stopped(task["taskArn"], task, _not_pulled(missing), "TaskFailedToStart")
        else:
            ecs._mark_task_stopped(
                task["taskArn"], task, "Essential container in task exited", "EssentialContainerExited", exit_code=1
            )


def _failing_task(service: Service, deployment: Deployment) -> Task | None:
    return next(
        (
            task
            for task in ecs._tasks.values()
            if task["_deployment_id"] == deployment["id"]
            and task["lastStatus"] == "RUNNING"
            and (
                _crashing_images & {container["image"] for container in task["containers"]}
                or _missing_image(task)
                or cut_off_subnet(service)
            )
        ),
        None,
    )


def _missing_image(task: Task) -> str | None:
    """The first image that the registry of this account and Region does not have, without a pull-through cache."""
    own = ecr._repo_uri("")
    for container in task["containers"]:
        image = parse_image(container["image"])
        # As in AWS, the digest decides.
        id_ = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag}
        if image.repository.startswith(own) and not ecr._find_image(image.repository.removeprefix(own), id_):
            return str(image)
    return None


def _not_pulled(image: str) -> str:
    """What ECS says: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html."""
    retried = "CannotPullContainerError: pull image manifest has been retried 1 time(s)"
    return f"{retried}: failed to resolve ref {image}: {image}: not found"


@wraps(ecs, "_complete_service_deployment")
def completed_when_healthy(
    complete: Callable[..., None], cluster: str, key: str, expected_deployment_id: str | None = None
) -> None:
    """A deployment is complete when its tasks are healthy; with a desired count of 0, at once.

    The deployments that failed before are then no longer listed.
    """
    service = ecs._services[key]
    primary = ecs._primary_deployment(service)
    if primary["rolloutState"] != "IN_PROGRESS":
        return
    if service["desiredCount"] > 0 and (_age_seconds(primary) < HEALTHY_SECONDS or _failing_task(service, primary)):
        return
    complete(cluster, key, expected_deployment_id)
    if primary["rolloutState"] == "COMPLETED":
        service["deployments"] = [one for one in service["deployments"] if one["rolloutState"] != "FAILED"]
        _add_event(service, "has reached a steady state.")


@wraps(ecs, "_mark_task_stopped")
def stopped_by_the_scheduler(
    mark: Callable[..., bool], arn: str, task: Task, reason: str, stop_code: str, exit_code: int | None = None
) -> bool:
    """Tasks that a deployment or a smaller desired count stops have AWS's reason, code and exit code."""
    if reason in STOPPED_BY_ECS:
        reason = f"Scaling activity initiated by (deployment {task['_deployment_id']})"
        stop_code, exit_code = "ServiceSchedulerInitiated", KILLED
    return mark(arn, task, reason, stop_code, exit_code=exit_code)


@wraps(ecs, "_record_service_task_failure")
def counted_failure(record: Callable[[Task], None], task: Task) -> None:
    """The circuit breaker fails a deployment after its threshold, and rolls back to the last one that completed."""
    service = ecs._services.get(f"{_cluster(task)}/{task['group'].removeprefix('service:')}")
    primary = ecs._primary_deployment(service) if service else None
    if not primary or primary["rolloutState"] != "IN_PROGRESS" or primary["id"] != task["_deployment_id"]:
        record(task)
        return
    primary["failedTasks"] += 1
    breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    if breaker.get("enable") and primary["failedTasks"] >= ecs._circuit_breaker_threshold(service):
        _fail(service, primary, roll_back=breaker["rollback"])
    ecs._reconcile_service_tasks(_cluster(service), f"{_cluster(service)}/{service['serviceName']}")


def _fail(service: Service, failed: Deployment, *, roll_back: bool) -> None:
    failed |= {
        "rolloutState": "FAILED",
        "rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start.",
        "desiredCount": 0,
    }
    _add_event(service, f"(deployment {failed['id']}) deployment failed: tasks failed to start.")
    completed = next((one for one in service["deployments"] if one["rolloutState"] == "COMPLETED"), None)
    if not roll_back or completed is None:
        return
    failed["status"] = "ACTIVE"
    service["taskDefinition"] = completed["taskDefinition"]
    rollback = ecs._make_deployment(completed["taskDefinition"], service["desiredCount"]) | {
        "rolloutStateReason": f"ECS deployment circuit breaker: rolling back to deploymentId {completed['id']}.",
        "launchType": service["launchType"],
    }
    service["deployments"].insert(0, rollback)
    _add_event(service, f"rolling back to deployment {completed['id']}.")


def _add_event(service: Service, message: str) -> None:
    event = {"id": ecs.new_uuid(), "createdAt": ecs._iso(), "message": f"(service {service['serviceName']}) {message}"}
    service["events"].insert(0, event)


def _age_seconds(deployment: Deployment) -> float:
    return time.monotonic() - float(deployment["_started_at"])


def _cluster(resource: Mapping[str, Any]) -> str:
    return str(resource["clusterArn"]).rpartition("/")[2]


def set_crashing_images(images: Iterable[str]) -> None:
    """Sets the images that crash, at ``CRASHES_PATH``."""
    _set(_crashing_images, images)


def set_exhausted_providers(providers: Iterable[str]) -> None:
    """Sets the capacity providers without capacity, at ``CAPACITY_PATH``."""
    _set(_exhausted_providers, providers)


def _set(chosen: set[str], names: Iterable[str]) -> None:
    with _lock:
        chosen.clear()
        chosen.update(names)
