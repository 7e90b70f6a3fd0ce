"""The CPU and memory pairs that AWS Fargate accepts.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""

GIB = 1024

MEMORY_MIB_BY_CPU: dict[int, list[int]] = {
    256: [512, 1 * GIB, 2 * GIB],
    512: list(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: list(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: list(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: list(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: list(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: list(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}


def allowed_memory_mib(cpu: int) -> str:
    """The sizes that go with ``cpu``, in words; ``cpu`` is one of the table's."""
    sizes = MEMORY_MIB_BY_CPU[cpu]
    step = f" in steps of {sizes[-1] - sizes[-2]}" if len(sizes) > 3 else ""
    return f"with cpu {cpu}, Fargate takes {sizes[0]} to {sizes[-1]}{step}"
