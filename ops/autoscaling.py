"""The scalable targets of Application Auto Scaling, which keep the number of tasks between two bounds."""

from typing import Any

from ops.environment import Environment


def scalable_target(environment: Environment, service: str) -> dict[str, Any] | None:
    """The scalable target of a service; None while autoscaling is not enabled."""
    client = environment.session.client("application-autoscaling")
    resource_id = f"service/{environment.cluster}/{environment.service_name(service)}"
    targets: Any = client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource_id])
    return next(iter(targets["ScalableTargets"]), None)


def is_suspended(target: dict[str, Any]) -> bool:
    """Whether autoscaling starts no tasks now, as ``ops scale`` lets it do for a service with no tasks."""
    return bool(target.get("SuspendedState", {}).get("DynamicScalingOutSuspended"))
