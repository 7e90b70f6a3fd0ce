"""``ops scale``: how many tasks run now, down to none and back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.console import Apply, AsJson, console, print_json, say_dry_run, table
from ops.steady_state import TIMEOUT_SECONDS, NoWait, Timeout, describe, view, wait
from ops.target import CLIENT_CONFIG, SERVICES, OpsError, Target, target

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient

MOST_TASKS = 1000


def scale(
    counts: Annotated[list[str], typer.Argument(metavar="web=N worker=N", help="One service or both.")],
    apply: Apply = False,
    no_wait: NoWait = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Set how many tasks of a service run: 0 stops it.

    Autoscaling goes on from there, within the settings' min_tasks and max_tasks. At 0 it is suspended, so that it
    does not start tasks again; any other number resumes it.
    """
    wanted = _parse(counts)
    here = target()
    services = describe(here, list(wanted))
    autoscaling = here.session.client("application-autoscaling", config=CLIENT_CONFIG)
    found, changes = {}, False
    for service, count in wanted.items():
        scaling = _scalable_target(here, autoscaling, service)
        _check(here, service, count, scaling)
        have = services[service]["desiredCount"]
        suspended = bool(scaling and scaling.get("SuspendedState", {}).get("DynamicScalingOutSuspended"))
        resumes = scaling is not None and suspended != (count == 0)
        changed = have != count or resumes
        found[service] = {"from": have, "to": count, "changed": changed and apply}
        changes |= changed
        if changed and apply:
            # Before the tasks go, lest it starts them again; and lest it stays off when they come back.
            if scaling is not None:
                _suspend(autoscaling, scaling, suspended=count == 0)
            here.session.client("ecs", config=CLIENT_CONFIG).update_service(
                cluster=here.cluster, service=services[service]["serviceName"], desiredCount=count
            )
            if not no_wait:
                wait(here, [service], timeout, quiet=as_json)
    if as_json:
        print_json(found)
        return
    rows = ((service, one["from"], one["to"]) for service, one in found.items())
    console.print(table("service", "tasks wanted", "now" if apply else "then", rows=rows))
    if not apply:
        say_dry_run(changes=changes)
    elif changes:
        console.print(view(describe(here, list(wanted))))
    else:
        console.print("Nothing had to change.")


def _parse(counts: list[str]) -> dict[str, int]:
    """``web=2 worker=1`` by service, web first: it migrates before the worker starts."""
    wanted = {}
    for text in counts:
        service, _, number = text.partition("=")
        if service not in SERVICES or not number.isascii() or not number.isdigit() or int(number) > MOST_TASKS:
            raise typer.BadParameter(f"{text}: must be web=N or worker=N, with N from 0 to {MOST_TASKS}")
        if service in wanted:
            raise typer.BadParameter(f"{text}: {service} is named twice")
        wanted[service] = int(number)
    return {service: wanted[service] for service in SERVICES if service in wanted}


def _check(here: Target, service: str, count: int, scaling: dict[str, Any] | None) -> None:
    if count == 0:
        return
    if scaling is None:
        name = here.settings.name
        raise OpsError(
            f"{service} may not run before ClickHouse is known: `ops clickhouse set --apply`, then"
            f" clickhouse.configured = true in environments/{name}.toml and `make deploy ENV={name}`"
        )
    least, most = scaling["MinCapacity"], scaling["MaxCapacity"]
    if not least <= count <= most:
        raise OpsError(
            f"{service}={count}: autoscaling keeps it between {least} and {most}; raise {service}.max_tasks or lower"
            f" {service}.min_tasks in environments/{here.settings.name}.toml and deploy"
        )


def _scalable_target(here: Target, client: "ApplicationAutoScalingClient", service: str) -> dict[str, Any] | None:
    """What autoscaling knows of the service; nothing while it must not run."""
    resource_id = f"service/{here.cluster}/{here.service_names()[service]}"
    found: Any = client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource_id])["ScalableTargets"]
    return found[0] if found else None


def _suspend(client: "ApplicationAutoScalingClient", scaling: dict[str, Any], *, suspended: bool) -> None:
    client.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=scaling["ResourceId"],
        ScalableDimension="ecs:service:DesiredCount",
        SuspendedState={
            "DynamicScalingInSuspended": suspended,
            "DynamicScalingOutSuspended": suspended,
            "ScheduledScalingSuspended": suspended,
        },
    )
