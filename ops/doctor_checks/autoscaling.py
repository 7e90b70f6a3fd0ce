"""Whether the services scale: an ``ops scale`` that is killed leaves autoscaling suspended beside running tasks."""

from collections.abc import Iterator

from ops.autoscaling import is_suspended, scalable_target
from ops.ecs_services import existing_services
from ops.environment import Environment
from ops.findings import Finding, Verdict, finding


def services_scale(environment: Environment) -> Iterator[Finding]:
    """Autoscaling is suspended for services without tasks only."""
    for name, service in existing_services(environment, environment.services).items():
        desired = service["desiredCount"]
        target = scalable_target(environment, name)
        if target and desired:
            suspended = is_suspended(target)
            count = min(max(desired, target["MinCapacity"]), target["MaxCapacity"])
            yield finding(
                f"{name} scales",
                not suspended,
                f"it has {desired} of {target['MinCapacity']} to {target['MaxCapacity']} tasks"
                + (", and autoscaling is suspended" if suspended else ""),
                f"`ops scale {name}={count} --apply` resumes it",
                otherwise=Verdict.WARNING,
            )
