"""``ops scale``: shows and sets how many tasks of each service run."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.autoscaling import is_suspended, scalable_target
from ops.console import Apply, AsJson, console, print_json, say_dry_run, show, table
from ops.ecs_services import describe_services, services_table
from ops.environment import Environment, OpsError, load_environment
from ops.steady_state import TIMEOUT_SECONDS, NoWait, Timeout, wait_until_steady
from settings.sections.service_size import SERVICES

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient

HIGHEST_COUNT = 1000


@dataclass(frozen=True)
class Step:
    """The change of a service's desired count. ``scaling`` is its scalable target; None while it is not enabled."""

    service: str
    current: int
    desired: int
    scaling: dict[str, Any] | None

    @property
    def suspended(self) -> bool:
        """Whether autoscaling is suspended now."""
        return self.scaling is not None and is_suspended(self.scaling)

    @property
    def changes(self) -> str:
        """What there is to change, in words; empty if nothing."""
        changes = [f"{self.current} → {self.desired} tasks"] if self.current != self.desired else []
        if self.scaling is not None and self.suspended != (self.desired == 0):
            changes.append("autoscaling is " + ("resumed" if self.suspended else "suspended"))
        return ", ".join(changes)


def scale(
    counts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SERVICE=N",
            help=f"The new counts, such as web=2 worker=1, of {', '.join(SERVICES)}. By default, the present ones are"
            " shown.",
        ),
    ] = None,
    apply: Apply = False,
    no_wait: NoWait = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show or set how many tasks of each service run.

    0 stops a service. Autoscaling continues from the new count, within min_tasks and max_tasks of the settings. With 0
    it is suspended, so that it starts no tasks; any other count resumes it. From 0, one task starts first, since two
    would migrate the databases at the same time.

    Example: ops scale web=2 worker=1 --apply
    """
    desired = _parse(counts or [])
    environment = load_environment()
    if not desired:
        _show(environment, as_json=as_json)
        return
    autoscaling = environment.session.client("application-autoscaling")
    steps = [
        Step(name, service["desiredCount"], desired[name], scalable_target(environment, name))
        for name, service in describe_services(environment, list(desired)).items()
    ]
    for step in steps:
        _check(environment, step)
    if apply:
        for step in steps:
            if step.changes:
                _carry_out(environment, autoscaling, step, timeout, no_wait=no_wait, quiet=as_json)
    if as_json:
        key = "changed" if apply else "would_change"
        print_json(
            {step.service: {"from": step.current, "to": step.desired, key: bool(step.changes)} for step in steps}
        )
        return
    rows = ((step.service, step.current, step.desired, step.changes or "nothing") for step in steps)
    show(table("service", "current tasks", "desired tasks", "done" if apply else "to do", rows=rows))
    if not apply:
        say_dry_run(changes=any(step.changes for step in steps))
    elif any(step.changes for step in steps):
        show(services_table(describe_services(environment, list(desired))))
    else:
        console.print("Nothing had to change.")


def _parse(counts: list[str]) -> dict[str, int]:
    """``web=2 worker=1`` by service, web first, since it migrates the databases before the others start."""
    desired = {}
    for text in counts:
        service, _, number = text.partition("=")
        if service not in SERVICES or not re.fullmatch("[0-9]{1,4}", number) or int(number) > HIGHEST_COUNT:
            known = ", ".join(SERVICES)
            raise typer.BadParameter(f"{text}: must be SERVICE=N, with one of {known}, and N from 0 to {HIGHEST_COUNT}")
        if service in desired:
            raise typer.BadParameter(f"{text}: {service} is named twice")
        desired[service] = int(number)
    return {service: desired[service] for service in SERVICES if service in desired}


def _show(environment: Environment, *, as_json: bool) -> None:
    services = describe_services(environment, environment.services)
    if as_json:
        print_json(
            {
                name: {"running": service["runningCount"], "desired": service["desiredCount"]}
                for name, service in services.items()
            }
        )
        return
    show(services_table(services))


def _check(environment: Environment, step: Step) -> None:
    if step.desired == 0:
        return
    file = f"environments/{environment.name}.toml"
    if step.scaling is None:
        raise OpsError(
            f"{step.service} may not run before ClickHouse is known: `ops clickhouse set --apply`, then"
            f" clickhouse.configured = true in {file} and {environment.deploy_command}"
        )
    lowest, highest = step.scaling["MinCapacity"], step.scaling["MaxCapacity"]
    if not lowest <= step.desired <= highest:
        raise OpsError(
            f"{step.service}={step.desired}: autoscaling keeps it between {lowest} and {highest}; raise"
            f" {step.service}.max_tasks or lower {step.service}.min_tasks in {file} and deploy"
        )


def _carry_out(
    environment: Environment,
    autoscaling: "ApplicationAutoScalingClient",
    step: Step,
    timeout_seconds: int,
    *,
    no_wait: bool,
    quiet: bool,
) -> None:
    def run(count: int, *, then_wait: bool) -> None:
        updated = environment.session.client("ecs").update_service(
            cluster=environment.cluster,
            service=environment.service_name(step.service),
            desiredCount=count,
            # Without a new deployment, ECS says nothing of whether the first task is healthy.
            forceNewDeployment=step.current == 0 and count == 1,
        )
        if then_wait:
            wait_until_steady(environment, step.service, updated["service"], timeout_seconds, quiet=quiet)

    def suspend(*, suspended: bool) -> None:
        if step.scaling is not None:
            _suspend(autoscaling, step.scaling, suspended=suspended)

    if step.desired == 0:
        suspend(suspended=True)
        run(0, then_wait=not no_wait)
        return
    if step.current == 0 and step.desired > 1:
        run(1, then_wait=True)
    run(step.desired, then_wait=not no_wait)
    # Last, since autoscaling that is resumed below the minimum starts the missing tasks at once.
    suspend(suspended=False)


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
