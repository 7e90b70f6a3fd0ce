"""``ops scale``: how many tasks run now, down to none and back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.console import Apply, AsJson, console, print_json, say_dry_run, table
from ops.steady_state import TIMEOUT_SECONDS, NoWait, Timeout, describe, view, wait
from ops.target import SERVICES, OpsError, Target, target

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient

MOST_TASKS = 1000


@dataclass(frozen=True)
class Step:
    """What one service is to become. ``scaling`` is what autoscaling knows of it; nothing while it must not run."""

    service: str
    have: int
    want: int
    scaling: dict[str, Any] | None

    @property
    def suspended(self) -> bool:
        """Whether autoscaling leaves the service alone now."""
        return bool(self.scaling and self.scaling.get("SuspendedState", {}).get("DynamicScalingOutSuspended"))

    @property
    def changes(self) -> str:
        """What there is to do, in words; empty if nothing."""
        done = [f"{self.have} → {self.want} tasks"] if self.have != self.want else []
        if self.scaling is not None and self.suspended != (self.want == 0):
            done.append("autoscaling is " + ("resumed" if self.suspended else "suspended"))
        return ", ".join(done)


def scale(
    counts: Annotated[list[str], typer.Argument(metavar="web=N worker=N", help="One service or both.")],
    apply: Apply = False,
    no_wait: NoWait = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Set how many tasks of a service run: 0 stops it.

    Autoscaling goes on from there, within the settings' min_tasks and max_tasks. At 0 it is suspended, so that it
    does not start tasks again; any other number resumes it. From 0, one task starts first, since two would migrate
    the databases at the same time.
    """
    wanted = _parse(counts)
    here = target()
    autoscaling = here.session.client("application-autoscaling")
    steps = [
        Step(service, one["desiredCount"], wanted[service], _scalable_target(here, autoscaling, service))
        for service, one in describe(here, list(wanted)).items()
    ]
    for step in steps:
        _check(here, step)
    if apply:
        for step in steps:
            if step.changes:
                _do(here, autoscaling, step, timeout, no_wait=no_wait, quiet=as_json)
    if as_json:
        key = "changed" if apply else "would_change"
        print_json({step.service: {"from": step.have, "to": step.want, key: bool(step.changes)} for step in steps})
        return
    rows = ((step.service, step.have, step.want, step.changes or "nothing") for step in steps)
    console.print(table("service", "tasks before", "tasks wanted", "done" if apply else "to do", rows=rows))
    if not apply:
        say_dry_run(changes=any(step.changes for step in steps))
    elif any(step.changes for step in steps):
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


def _check(here: Target, step: Step) -> None:
    if step.want == 0:
        return
    name = here.settings.name
    if step.scaling is None:
        raise OpsError(
            f"{step.service} may not run before ClickHouse is known: `ops clickhouse set --apply`, then"
            f" clickhouse.configured = true in environments/{name}.toml and `make deploy ENV={name}`"
        )
    least, most = step.scaling["MinCapacity"], step.scaling["MaxCapacity"]
    if not least <= step.want <= most:
        raise OpsError(
            f"{step.service}={step.want}: autoscaling keeps it between {least} and {most}; raise"
            f" {step.service}.max_tasks or lower {step.service}.min_tasks in environments/{name}.toml and deploy"
        )


def _do(
    here: Target,
    autoscaling: "ApplicationAutoScalingClient",
    step: Step,
    timeout_seconds: int,
    *,
    no_wait: bool,
    quiet: bool,
) -> None:
    def run(count: int, *, then_wait: bool) -> None:
        updated = here.session.client("ecs").update_service(
            cluster=here.cluster, service=here.service_name(step.service), desiredCount=count
        )
        if then_wait:
            wait(here, {step.service: updated["service"]}, timeout_seconds, quiet=quiet)

    def suspend(*, suspended: bool) -> None:
        if step.scaling is not None:
            _suspend(autoscaling, step.scaling, suspended=suspended)

    if step.want == 0:
        suspend(suspended=True)
        run(0, then_wait=not no_wait)
        return
    if step.have == 0 and step.want > 1:
        run(1, then_wait=True)
    run(step.want, then_wait=not no_wait)
    # Last: whoever resumes it at fewer tasks than the minimum starts the rest at once.
    suspend(suspended=False)


def _scalable_target(here: Target, client: "ApplicationAutoScalingClient", service: str) -> dict[str, Any] | None:
    resource_id = f"service/{here.cluster}/{here.service_name(service)}"
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
