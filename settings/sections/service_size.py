"""The services that an environment can have, and the size of one."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from settings import fargate
from settings.field_types import (
    HeapMib,
    TaskCpu,
    TaskMemoryMib,
    Tasks,
)
from settings.section import Section, refuse


class Service(NamedTuple):
    """A service that an environment can have: its name in the settings, and which of Langfuse's images it runs."""

    name: str
    image: Literal["web", "worker"]

    @property
    def id(self) -> str:
        """Its name in AWS and in Terraform, after what all names start with."""
        return self.name.replace("_", "-")

    @property
    def is_split(self) -> bool:
        """Whether the settings may leave it out. The service that its image is named for does its work then."""
        return self.name != self.image


SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in (
        Service("web", "web"),
        Service("web_ingestion", "web"),
        Service("web_api", "web"),
        Service("worker_ingestion", "worker"),
        Service("worker", "worker"),
    )
}
"""Every service that an environment can have, by name, in the order in which a deploy starts them."""


class ServiceSize(Section):
    """The CPU, memory and number of tasks of a Fargate service. Every service has the same settings."""

    cpu: TaskCpu = 2048
    """CPU units of each task; 1024 units are one vCPU. The values that ``memory_mib`` may have depend on it. The
    default is 2 vCPUs, which Langfuse states as the minimum."""
    memory_mib: TaskMemoryMib = 4096
    """Memory of each task in MiB, of the values that Fargate accepts with ``cpu``. The default is 4 GiB, which Langfuse
    states as the minimum."""
    heap_mib: HeapMib | None = None
    """Maximum heap of Node.js in each task, in MiB. It leaves at least a tenth of ``memory_mib`` to the rest of the
    process. By default, three quarters of ``memory_mib``."""
    min_tasks: Tasks = 1
    """Minimum number of tasks, at most ``max_tasks``. With two or more, the service goes on when a task or an
    Availability Zone fails."""
    max_tasks: Tasks = 4
    """Maximum number of tasks that autoscaling starts, at least ``min_tasks``."""
    spot: bool = False
    """Whether the tasks run on Fargate Spot: AWS's spare capacity, at a discount of
    [up to 70 %](https://aws.amazon.com/fargate/pricing/). AWS takes a task back
    [two minutes](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html) after a
    warning, and starts none while it has no capacity, for however long: for trials, and for a worker whose queues may
    wait ([what is lost then](operate.md#fargate-spot))."""

    @property
    def node_heap_mib(self) -> int:
        """The heap size in use: ``heap_mib``, or its default."""
        return self.memory_mib * 3 // 4 if self.heap_mib is None else self.heap_mib

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.cpu not in fargate.MEMORY_MIB_BY_CPU:
            refuse("cpu", self.cpu, f"must be one of {', '.join(map(str, fargate.MEMORY_MIB_BY_CPU))}")
        if self.memory_mib not in fargate.MEMORY_MIB_BY_CPU[self.cpu]:
            allowed = f"with cpu {self.cpu}, Fargate takes {fargate.allowed_memory_mib(self.cpu)}"
            refuse("memory_mib", self.memory_mib, allowed)
        if self.min_tasks > self.max_tasks:
            refuse("min_tasks", self.min_tasks, f"must be at most max_tasks ({self.max_tasks})")
        if not 256 <= self.node_heap_mib <= self.memory_mib * 9 // 10:
            # langfuse/langfuse#13287: Node.js needs memory beside its heap, or the task is killed.
            allowed = f"must be 256 to {self.memory_mib * 9 // 10}, nine tenths of memory_mib ({self.memory_mib})"
            refuse("heap_mib", self.node_heap_mib, allowed)
        return self


OptionalService = Annotated[
    ServiceSize,
    Field(
        description="section with the settings of ``web``, which may be empty",
        examples=[{"min_tasks": 2}],
    ),
]
