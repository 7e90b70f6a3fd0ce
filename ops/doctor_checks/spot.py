"""Whether Fargate Spot has capacity for the services that use it."""

from collections.abc import Iterator

from ops.ecs_services import existing_services, last_event
from ops.environment import Environment
from ops.fargate_spot import uses_spot, waits_for_spot
from ops.findings import Finding, Verdict, finding


def spot_has_capacity(environment: Environment) -> Iterator[Finding]:
    """All tasks of a service on Fargate Spot run or start."""
    for name, service in existing_services(environment, environment.services).items():
        if uses_spot(service):
            running, desired = service["runningCount"], service["desiredCount"]
            yield finding(
                f"{name} has Fargate Spot capacity",
                not waits_for_spot(service),
                f"{running} of {desired} tasks run; ECS says: {last_event(service)}",
                f"wait, or set {name}.spot = false and {environment.deploy_command}",
                otherwise=Verdict.WARNING if running else Verdict.FAILED,
            )
