"""Waits until ECS has completed a service's deployment, and says why if it fails."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live

from ops.console import console
from ops.ecs_services import active_services, last_event, primary_deployment, revision, services_table
from ops.environment import Environment, OpsError
from ops.failed_starts import explained
from ops.fargate_spot import waits_for_spot
from ops.stopped_tasks import failed, stopped_tasks

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, ServiceTypeDef

POLL_SECONDS = 5
ROLLING_BACK = "rolling back to deployment"
UNSEEN_SECONDS = 60
"""How much older than a change may be what ECS describes."""
TIMEOUT_SECONDS = 1200
"""Longer than the 15 minutes of health-check grace period that a first migration may take."""

NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until the services are steady.")]
Timeout = Annotated[
    int, typer.Option("--timeout", metavar="SECONDS", min=0, max=86400, help="How long to wait at most.")
]


@dataclass
class Rollout:
    """A deployment of a service that is waited for.

    Args:
        ecs: ECS's client.
        cluster: the cluster's name.
        service_name: the service's name in ECS.
        task_definition: what it deploys, as family:revision.
        is_it: tells this deployment from the others.
        is_steady: what must be true of the service besides. By default nothing.
    """

    ecs: "ECSClient"
    cluster: str
    service_name: str
    task_definition: str
    is_it: "Callable[[DeploymentTypeDef], bool]"
    is_steady: "Callable[[ServiceTypeDef], bool]" = lambda _: True
    _seen: bool = field(default=False, init=False)

    def wait(self, timeout_seconds: int, show: "Callable[[ServiceTypeDef], None]") -> None:
        """Returns when the deployment is complete. Calls ``show`` with each of ECS's answers.

        Raises:
            OpsError: if it fails, if another deployment takes its place, if it does not begin within a minute, or if
                it takes longer than ``timeout_seconds``.
        """
        started = time.monotonic()
        pause_seconds = 1.0
        while True:
            service = active_services(self.ecs, self.cluster, [self.service_name]).get(self.service_name)
            if service:
                show(service)
                if self._is_complete(service) and self.is_steady(service):
                    return
            waited_seconds = time.monotonic() - started
            limit_seconds = timeout_seconds if self._seen else min(timeout_seconds, UNSEEN_SECONDS)
            if waited_seconds >= limit_seconds:
                raise self._took_too_long(service, limit_seconds)
            time.sleep(min(POLL_SECONDS, pause_seconds, limit_seconds - waited_seconds))
            pause_seconds *= 2

    def _is_complete(self, service: "ServiceTypeDef") -> bool:
        deployments = sorted(service["deployments"], key=lambda deployment: deployment["status"] != "PRIMARY")
        deployment = next(filter(self.is_it, deployments), None)
        if deployment is None:
            if self._seen:
                raise self._error(service, "another deployment took this one's place")
            return False
        self._seen = True
        state, reason = deployment.get("rolloutState", "COMPLETED"), deployment.get("rolloutStateReason", "")
        # A change of other things than the task definition is rolled back to a deployment of the same one.
        if state == "FAILED" or ROLLING_BACK in reason:
            raise self._error(service, reason.rstrip(".") or "its deployment failed")
        if deployment["status"] != "PRIMARY":
            raise self._error(service, "another deployment took this one's place")
        return state == "COMPLETED" or service["desiredCount"] == 0

    def _took_too_long(self, service: "ServiceTypeDef | None", seconds: float) -> OpsError:
        if service is None:
            return OpsError(f"there is no service {self.service_name} in {self.cluster}: deploy again")
        running, desired = service["runningCount"], service["desiredCount"]
        what = f"is not steady after {seconds:.0f} s: {running} of {desired} tasks run"
        if waits_for_spot(service):
            what += ", and Fargate Spot may have no capacity: wait, or set spot = false and deploy"
        return self._error(service, what)

    def _error(self, service: "ServiceTypeDef", what: str) -> OpsError:
        """Says what happened, why the last task of this version failed, and what ECS said last."""
        tasks = stopped_tasks(self.ecs, self.cluster, self.service_name)
        reasons = [
            explained(task)
            for task in tasks
            if revision(task["taskDefinitionArn"]) == self.task_definition and failed(task)
        ]
        why = f"; its last task that failed: {reasons[0]}" if reasons else ""
        return OpsError(
            f"{self.service_name}: {what}{why}; ECS says: {last_event(service).rstrip('.')}; see `ops doctor` and"
            " `ops logs`"
        )


def wait_until_steady(
    environment: Environment, name: str, updated: "ServiceTypeDef", timeout_seconds: int, *, quiet: bool = False
) -> None:
    """Returns when a service runs as UpdateService answered that it will, and shows progress unless ``quiet``.

    What ECS describes may be older than that answer, so only the answer's own deployment counts.

    Args:
        environment: the environment.
        name: its name in the settings.
        updated: UpdateService's answer.
        timeout_seconds: how long to wait at most.
        quiet: whether to show nothing.

    Raises:
        OpsError: as ``Rollout.wait``.
    """
    expected = primary_deployment(updated)["id"]

    def is_steady(service: "ServiceTypeDef") -> bool:
        return (
            [deployment["id"] for deployment in service["deployments"]] == [expected]
            and service["runningCount"] == service["desiredCount"] == updated["desiredCount"]
            and service["pendingCount"] == 0
        )

    rollout = Rollout(
        environment.session.client("ecs"),
        environment.cluster,
        updated["serviceName"],
        revision(updated["taskDefinition"]),
        is_it=lambda deployment: deployment["id"] == expected,
        is_steady=is_steady,
    )
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def show(service: "ServiceTypeDef") -> None:
            if not quiet:
                live.update(services_table({name: service}), refresh=True)

        rollout.wait(timeout_seconds, show)
