"""The combinations of CPU and memory that AWS Fargate accepts, and the name of Fargate Spot."""

SPOT = "FARGATE_SPOT"
"""The capacity provider of Fargate Spot. It runs ARM64 on the platform version 1.4.0, which is the latest:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"""

GIB = 1024
"""In MiB, as all memory here."""

MEMORY_MIB_BY_CPU: dict[int, list[int]] = {
    256: [512, 1 * GIB, 2 * GIB],
    512: list(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: list(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: list(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: list(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: list(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: list(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}
"""Memory sizes by CPU units: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html"""


def allowed_memory_mib(cpu: int) -> str:
    """The memory sizes that Fargate accepts with ``cpu``, a key of ``MEMORY_MIB_BY_CPU``, in words."""
    *smaller, largest = MEMORY_MIB_BY_CPU[cpu]
    if len(smaller) == 2:
        return f"{smaller[0]}, {smaller[1]} or {largest}"
    return f"{smaller[0]} to {largest} in steps of {largest - smaller[-1]}"
