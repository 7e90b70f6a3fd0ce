"""``ops wait``: what Terraform runs after it has changed a service, and waits for."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from ops.arguments import matching
from ops.console import console
from ops.ecs_services import active_services, last_event, primary_deployment, revision
from ops.environment import aws_session
from ops.steady_state import TIMEOUT_SECONDS, Rollout, Timeout

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, ServiceTypeDef

SILENCE_SECONDS = 30
"""After this time, a line is printed even if nothing has changed."""
ATTEMPTS = 10
"""A network that is away for a minute does not end a wait of many minutes."""


NAME = matching(r"[A-Za-z0-9_-]{1,255}", "letters, digits, hyphens and underscores, such as langfuse-dev-web")
REVISION = matching(r"[A-Za-z0-9_-]{1,255}:[0-9]{1,9}", "a family and its revision, such as langfuse-dev-web:7")
REGION = matching(r"[a-z]{2}(-[a-z]+)+-[0-9]", "an AWS Region, such as eu-central-1")


def wait(
    cluster: Annotated[str, typer.Option(metavar="NAME", callback=NAME, help="The ECS cluster.")],
    service: Annotated[str, typer.Option(metavar="NAME", callback=NAME, help="The service's name in ECS.")],
    task_definition: Annotated[
        str, typer.Option(metavar="FAMILY:REVISION", callback=REVISION, help="What the service must run.")
    ],
    region: Annotated[str, typer.Option(metavar="REGION", callback=REGION, help="The AWS region.")],
    restart_failed: Annotated[
        bool, typer.Option("--restart-failed", help="First start it again if it has failed before.")
    ] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Wait until ECS has completed a service's deployment.

    Terraform runs this while it applies, since its own wait ends before the tasks are healthy, and takes a rollback for
    success. It needs no settings, only credentials. If the deployment fails or is rolled back, one line says why the
    last task stopped, and the exit code is 1.

    Example: ops wait --cluster langfuse-dev --service dev-web --task-definition dev-web:7 --region us-east-1
    """
    ecs = aws_session(region, attempts=ATTEMPTS).client("ecs")
    restarted_id = _restart_if_failed(ecs, cluster, service, task_definition) if restart_failed else None

    def is_it(deployment: "DeploymentTypeDef") -> bool:
        if restarted_id:
            return deployment["id"] == restarted_id
        return revision(deployment["taskDefinition"]) == task_definition

    Rollout(ecs, cluster, service, task_definition, is_it).wait(timeout, Progress().show)


def _restart_if_failed(ecs: "ECSClient", cluster: str, service_name: str, task_definition: str) -> str | None:
    """The id of the new deployment; None if there is nothing to start again."""
    service = active_services(ecs, cluster, [service_name]).get(service_name)
    if service is None:
        return None
    primary = primary_deployment(service)
    if revision(primary["taskDefinition"]) != task_definition or primary.get("rolloutState") != "FAILED":
        return None
    console.print(f"{service_name}: its deployment failed before, and is started again")
    updated = ecs.update_service(cluster=cluster, service=service_name, forceNewDeployment=True)
    return primary_deployment(updated["service"])["id"]


class Progress:
    """Prints a line when something has changed, and each half a minute. Terraform shows whole lines only."""

    def __init__(self) -> None:
        self._started = self._printed = time.monotonic()
        self._last = ""

    def show(self, service: "ServiceTypeDef") -> None:
        """Prints the line if it is time to."""
        primary = primary_deployment(service)
        line = (
            f"{service['serviceName']}: {primary.get('rolloutState', '-')}, {primary['runningCount']} of"
            f" {primary['desiredCount']} tasks run, {primary.get('failedTasks', 0)} failed; {last_event(service)}"
        )
        now = time.monotonic()
        if line != self._last or now - self._printed >= SILENCE_SECONDS:
            console.print(f"{now - self._started:3.0f} s  {line}")
            self._last, self._printed = line, now
