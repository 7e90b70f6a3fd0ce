"""Waiting until ECS has done what it was told, with a view of how far it is."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.table import Table

from ops.console import console, table
from ops.target import CLIENT_CONFIG, OpsError, Target

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, ServiceTypeDef

POLL_SECONDS = 5
TIMEOUT_SECONDS = 1200
"""Above the health-check grace of 15 minutes that a first migration may take."""

NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until the services are steady.")]
Timeout = Annotated[int, typer.Option("--timeout", metavar="SECONDS", min=0, help="Wait no longer than this.")]


def describe(here: Target, services: Sequence[str]) -> "dict[str, ServiceTypeDef]":
    """What ECS says of them, by ``web`` and ``worker``.

    Raises:
        OpsError: if one is not there.
    """
    names = here.service_names()
    wanted = [names[service] for service in services]
    client = here.session.client("ecs", config=CLIENT_CONFIG)
    found = {
        one["serviceName"]: one for one in client.describe_services(cluster=here.cluster, services=wanted)["services"]
    }
    for service in services:
        if found.get(names[service], {}).get("status") != "ACTIVE":
            raise OpsError(
                f"there is no service {names[service]} in {here.cluster}: run `make deploy ENV={here.settings.name}`"
            )
    return {service: found[names[service]] for service in services}


def primary(service: "ServiceTypeDef") -> "DeploymentTypeDef":
    """The deployment that the service moves to, or has arrived at."""
    return next(one for one in service["deployments"] if one["status"] == "PRIMARY")


def is_steady(service: "ServiceTypeDef") -> bool:
    """Whether the wanted number of tasks runs, all of the newest deployment."""
    return (
        len(service["deployments"]) == 1
        and primary(service).get("rolloutState", "COMPLETED") == "COMPLETED"
        and service["runningCount"] == service["desiredCount"]
        and service["pendingCount"] == 0
    )


def last_event(service: "ServiceTypeDef") -> str:
    """What ECS said last of the service."""
    return service["events"][0]["message"] if service["events"] else "-"


def wait(here: Target, services: Sequence[str], timeout_seconds: int, *, quiet: bool = False) -> None:
    """Returns when all of them are steady, and shows their way there unless ``quiet``.

    Raises:
        OpsError: if a deployment fails and rolls back, or it takes longer than ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    started = {service: primary(one)["id"] for service, one in describe(here, services).items()}
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            found = describe(here, services)
            if not quiet:
                live.update(view(found), refresh=True)
            for service, one in found.items():
                mine = [deployment for deployment in one["deployments"] if deployment["id"] == started[service]]
                if not mine or mine[0].get("rolloutState") == "FAILED":
                    raise OpsError(
                        f"{service}'s deployment failed, ECS goes back to the one before: {last_event(one)};"
                        f" see `ops logs {service}`"
                    )
            if all(is_steady(one) for one in found.values()):
                return
            if time.monotonic() > deadline:
                service, one = next((name, one) for name, one in found.items() if not is_steady(one))
                raise OpsError(
                    f"{service} is not steady after {timeout_seconds} s: {one['runningCount']} of {one['desiredCount']}"
                    f" tasks run; ECS says: {last_event(one)}; see `ops logs {service}` and `ops doctor`"
                )
            time.sleep(min(POLL_SECONDS, max(0.1, deadline - time.monotonic())))


def view(found: "dict[str, ServiceTypeDef]") -> Table:
    """One line a service."""
    rows = (
        (
            service,
            one["runningCount"],
            one["pendingCount"],
            one["desiredCount"],
            primary(one).get("rolloutState", "-"),
            last_event(one),
        )
        for service, one in found.items()
    )
    return table("service", "running", "pending", "desired", "rollout", "last event", rows=rows)
