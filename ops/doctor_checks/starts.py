"""Whether the tasks start: a failed pull of an image is told from a start that failed."""

from collections.abc import Iterator

from ops.ecs_services import existing_services, primary_deployment, revision
from ops.environment import Environment
from ops.failed_starts import cause
from ops.findings import Finding, Verdict, finding
from ops.stopped_tasks import failed, stopped_tasks, why_stopped


def tasks_start(environment: Environment) -> Iterator[Finding]:
    """The newest version's tasks start. ECS knows stopped tasks for an hour.

    A task that failed once, and that another one has replaced, is for ``ops status``.
    """
    ecs = environment.session.client("ecs")
    for name, service in existing_services(environment, environment.services).items():
        primary = primary_deployment(service)
        runs = service["runningCount"] >= service["desiredCount"]
        is_steady = runs and primary.get("rolloutState", "COMPLETED") == "COMPLETED"
        current = _number(primary["taskDefinition"])
        failures = [
            task
            for task in stopped_tasks(ecs, environment.cluster, service["serviceName"])
            # A version newer than the one that runs was rolled back.
            if failed(task) and _number(task["taskDefinitionArn"]) >= (current + 1 if is_steady else current)
        ]
        what, remedy = cause(failures[0]) if failures else ("", "")
        yield finding(
            f"{name}'s tasks start",
            not failures,
            f"{what}: {why_stopped(failures[0])}" if failures else revision(primary["taskDefinition"]),
            remedy,
            otherwise=Verdict.WARNING if runs else Verdict.FAILED,
        )


def _number(task_definition_arn: str) -> int:
    return int(task_definition_arn.rpartition(":")[2])
