"""Waiting until ECS has done what it was told, with a view of how far it is."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.table import Table

from ops.console import console, table
from ops.target import OpsError, Target

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, ServiceTypeDef

POLL_SECONDS = 5
TIMEOUT_SECONDS = 1200
"""Above the health-check grace of 15 minutes that a first migration may take."""

NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until the services are steady.")]
Timeout = Annotated[int, typer.Option("--timeout", metavar="SECONDS", min=0, help="Wait no longer than this.")]


def existing(here: Target, services: Sequence[str]) -> "dict[str, ServiceTypeDef]":
    """What ECS says of those that are there, by ``web`` and ``worker``."""
    names = {service: here.service_name(service) for service in services}
    client = here.session.client("ecs")
    answer = client.describe_services(cluster=here.cluster, services=list(names.values()))["services"]
    by_name = {one["serviceName"]: one for one in answer if one["status"] == "ACTIVE"}
    return {service: by_name[name] for service, name in names.items() if name in by_name}


def describe(here: Target, services: Sequence[str]) -> "dict[str, ServiceTypeDef]":
    """What ECS says of them, by ``web`` and ``worker``.

    Raises:
        OpsError: if one is not there.
    """
    found = existing(here, services)
    for service in services:
        if service not in found:
            name = here.service_name(service)
            raise OpsError(f"there is no service {name} in {here.cluster}: run `make deploy ENV={here.settings.name}`")
    return found


def primary(service: "ServiceTypeDef") -> "DeploymentTypeDef":
    """The deployment that the service moves to, or has arrived at."""
    return next(one for one in service["deployments"] if one["status"] == "PRIMARY")


def last_event(service: "ServiceTypeDef") -> str:
    """What ECS said last of the service."""
    return service["events"][0]["message"] if service["events"] else "-"


def wait(here: Target, updated: "Mapping[str, ServiceTypeDef]", timeout_seconds: int, *, quiet: bool = False) -> None:
    """Returns when each service runs as UpdateService answered that it will; shows the way there unless ``quiet``.

    What ECS describes may lag behind that answer, so nothing counts before it shows the answer's deployment.

    Raises:
        OpsError: if a deployment fails and rolls back, if another takes its place, or if it takes longer than
            ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    seen: set[str] = set()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            found = describe(here, list(updated))
            if not quiet:
                live.update(view(found), refresh=True)
            for service, one in found.items():
                _refuse_failed(service, one, primary(updated[service])["id"], seen)
            unsteady = [service for service, one in found.items() if not _is_steady(one, updated[service])]
            if not unsteady:
                return
            if time.monotonic() > deadline:
                one = found[unsteady[0]]
                raise OpsError(
                    f"{unsteady[0]} is not steady after {timeout_seconds} s: {one['runningCount']} of"
                    f" {one['desiredCount']} tasks run; ECS says: {last_event(one)}; see `ops logs {unsteady[0]}` and"
                    " `ops doctor`"
                )
            time.sleep(min(POLL_SECONDS, max(0.1, deadline - time.monotonic())))


def _refuse_failed(service: str, found: "ServiceTypeDef", mine: str, seen: set[str]) -> None:
    states = {one["id"]: one.get("rolloutState") for one in found["deployments"]}
    if states.get(mine) == "FAILED":
        raise OpsError(
            f"{service}'s deployment failed, ECS goes back to the one before: {last_event(found)};"
            f" see `ops logs {service}`"
        )
    if mine in states:
        seen.add(mine)
    elif mine in seen:
        raise OpsError(f"another deployment of {service} took this one's place: see `ops status`")


def _is_steady(found: "ServiceTypeDef", wanted: "ServiceTypeDef") -> bool:
    """Whether the wanted number of tasks runs, all of the wanted deployment."""
    return (
        [one["id"] for one in found["deployments"]] == [primary(wanted)["id"]]
        and primary(found).get("rolloutState", "COMPLETED") == "COMPLETED"
        and found["runningCount"] == found["desiredCount"] == wanted["desiredCount"]
        and found["pendingCount"] == 0
    )


def view(found: "Mapping[str, ServiceTypeDef]") -> Table:
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
