"""The tasks of ECS services on Fargate."""

from collections.abc import Iterator

from cost import HOURS_A_MONTH
from cost.item import Item
from cost.resources import Resource, Resources, UnknownValueError, number_in
from cost.usage import Usage

SPOT = "FARGATE_SPOT"
UNITS_A_VCPU = 1024
MIB_A_GB = 1024


def service(resource: Resource, resources: Resources, _: Usage) -> Iterator[Item]:
    """The tasks that run if nothing happens: Fargate's CPU and memory, and the public addresses."""
    tasks = tasks_of(resource, resources)
    definition = _definition(resource, resources)
    name = resource.text("name")
    spot = _spot_share(resource)
    platform = definition.inner("runtime_platform").text("cpu_architecture", "X86_64")
    kind = f"fargate-{'arm' if platform == 'ARM64' else 'x86'}"
    for share, market, word in ((1 - spot, kind, ""), (spot, f"{kind}-spot", " on Spot")):
        if share:
            hours = tasks * share * HOURS_A_MONTH
            vcpus, gigabytes = definition.number("cpu") / UNITS_A_VCPU, definition.number("memory") / MIB_A_GB
            running = f"{name}: {tasks * share:g} × {vcpus:g} vCPU, {gigabytes:g} GB{word}"
            yield Item("tasks", f"{running}: CPU", hours * vcpus, f"{market}-vcpu")
            yield Item("tasks", f"{running}: memory", hours * gigabytes, f"{market}-gb")
    if resource.inner("network_configuration").flag("assign_public_ip"):
        yield Item("tasks", f"{name}: public addresses of the tasks", tasks * HOURS_A_MONTH, "public-ipv4")


def tasks_of(resource: Resource, resources: Resources) -> float:
    """The fewest tasks of a service: autoscaling's minimum, or the number of a service without autoscaling.

    Terraform starts a service with one task, which autoscaling raises to its minimum.
    """
    name = resource.text("name")
    for target in resources.of("aws_appautoscaling_target", resource.stack):
        if target.text("resource_id").rpartition("/")[2] == name:
            return target.number("min_capacity")
    return resource.number("desired_count", 0)


def _definition(resource: Resource, resources: Resources) -> Resource:
    """The task definition of the service's name: its ARN is known only after the apply."""
    name = resource.text("name")
    for definition in resources.of("aws_ecs_task_definition", resource.stack):
        if definition.text("family") == name:
            return definition
    raise UnknownValueError("its task definition is not known")


def _spot_share(resource: Resource) -> float:
    """The share of the tasks that run on Spot: by the weights, since no service of the stacks has a base."""
    weights = [
        (block.get("capacity_provider"), number_in(block, "weight", 0))
        for block in resource.blocks("capacity_provider_strategy")
    ]
    total = sum(weight for _, weight in weights)
    return sum(weight for provider, weight in weights if provider == SPOT) / total if total else 0
