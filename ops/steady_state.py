"""Waits until a service is in the state that it was told to be in."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live

from ops.console import console
from ops.ecs_services import describe_services, last_event, primary_deployment, services_table
from ops.environment import Environment, OpsError

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

POLL_SECONDS = 5
TIMEOUT_SECONDS = 1200
"""Longer than the 15 minutes of health-check grace period that a first migration may take."""

NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until the services are steady.")]
Timeout = Annotated[int, typer.Option("--timeout", metavar="SECONDS", min=0, help="How long to wait at most.")]


def wait_until_steady(
    environment: Environment, updated: "Mapping[str, ServiceTypeDef]", timeout_seconds: int, *, quiet: bool = False
) -> None:
    """Returns when each service runs as UpdateService answered that it will, and shows progress unless ``quiet``.

    What ECS describes may be older than that answer, so only the answer's own deployment counts.

    Args:
        environment: the environment.
        updated: UpdateService's answers, by ``web`` and ``worker``.
        timeout_seconds: how long to wait at most.
        quiet: whether to show nothing.

    Raises:
        OpsError: if a deployment fails and is rolled back, if another deployment replaces it, or if it takes longer
            than ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    seen: set[str] = set()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            described = describe_services(environment, list(updated))
            if not quiet:
                live.update(services_table(described), refresh=True)
            for name, service in described.items():
                _refuse_failed(name, service, primary_deployment(updated[name])["id"], seen)
            unsteady = [name for name, service in described.items() if not _is_steady(service, updated[name])]
            if not unsteady:
                return
            if time.monotonic() > deadline:
                name, service = unsteady[0], described[unsteady[0]]
                raise OpsError(
                    f"{name} is not steady after {timeout_seconds} s: {service['runningCount']} of"
                    f" {service['desiredCount']} tasks run; ECS says: {last_event(service)}; see `ops logs {name}` and"
                    " `ops doctor`"
                )
            time.sleep(min(POLL_SECONDS, max(0.1, deadline - time.monotonic())))


def _refuse_failed(name: str, service: "ServiceTypeDef", deployment_id: str, seen: set[str]) -> None:
    states = {deployment["id"]: deployment.get("rolloutState") for deployment in service["deployments"]}
    if states.get(deployment_id) == "FAILED":
        raise OpsError(
            f"{name}'s deployment failed, ECS goes back to the one before: {last_event(service)}; see `ops logs {name}`"
        )
    if deployment_id in states:
        seen.add(deployment_id)
    elif deployment_id in seen:
        raise OpsError(f"another deployment of {name} took this one's place: see `ops status`")


def _is_steady(service: "ServiceTypeDef", updated: "ServiceTypeDef") -> bool:
    """Whether the desired number of tasks runs, all of them of the updated service's deployment."""
    return (
        [deployment["id"] for deployment in service["deployments"]] == [primary_deployment(updated)["id"]]
        and primary_deployment(service).get("rolloutState", "COMPLETED") == "COMPLETED"
        and service["runningCount"] == service["desiredCount"] == updated["desiredCount"]
        and service["pendingCount"] == 0
    )
