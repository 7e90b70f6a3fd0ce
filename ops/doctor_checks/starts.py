"""Whether the tasks start: a failed pull of an image is told from a start that failed."""

from collections.abc import Iterator

from ops.ecs_services import existing_services, primary_deployment
from ops.environment import SERVICES, Environment
from ops.failed_starts import cause
from ops.findings import Finding, Verdict, finding
from ops.steady_state import ROLLING_BACK
from ops.stopped_tasks import failed, stopped_tasks, why_stopped


def tasks_start(environment: Environment) -> Iterator[Finding]:
    """No task has failed since the newest deployment began, or since the one before, if that was rolled back.

    ECS knows stopped tasks for an hour.
    """
    ecs = environment.session.client("ecs")
    for name, service in existing_services(environment, SERVICES).items():
        primary = primary_deployment(service)
        rolled_back = ROLLING_BACK in primary.get("rolloutStateReason", "")
        since = primary["createdAt"]
        failures = [
            task
            for task in stopped_tasks(ecs, environment.cluster, service["serviceName"])
            if failed(task) and (rolled_back or task.get("stoppedAt", since) >= since)
        ]
        what, remedy = cause(failures[0]) if failures else ("", "")
        runs = service["runningCount"] >= service["desiredCount"]
        yield finding(
            f"{name}'s tasks start",
            not failures,
            f"{what}: {why_stopped(failures[0])}" if failures else "none has failed",
            remedy,
            otherwise=Verdict.WARNING if runs else Verdict.FAILED,
        )
