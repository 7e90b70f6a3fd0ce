"""The warning about sizes below the minimum that Langfuse states."""

import re
import sys
from collections.abc import Iterator

from settings import Settings

MINIMUM_CPU = 2048
"""CPU units of a task of web or worker. For both minimums:
https://langfuse.com/self-hosting/configuration/scaling#minimum-infrastructure-requirements."""
MINIMUM_MEMORY_MIB = 4096
BELOW_8_GIB = re.compile(r"t4g\.(nano|micro|small|medium)|m\w+\.medium|c\w+\.(medium|large)")
"""Graviton instances with less memory than the 8 GiB that Langfuse states for ClickHouse:
https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html"""


def warn_of_small_sizes(settings: Settings) -> None:
    """Prints a line to standard error if a size is below the minimum: which setting, and what the minimum is."""
    if small := list(_small(settings)):
        sys.stderr.write(
            f"synth: warning: {settings.name} is smaller than Langfuse's minimum, which is slow and may run out of"
            f" memory: {', '.join(small)}\n"
        )


def _small(settings: Settings) -> Iterator[str]:
    for name, size in settings.services.items():
        if size.cpu < MINIMUM_CPU:
            yield f"{name}.cpu is {size.cpu} instead of {MINIMUM_CPU}"
        if size.memory_mib < MINIMUM_MEMORY_MIB:
            yield f"{name}.memory_mib is {size.memory_mib} instead of {MINIMUM_MEMORY_MIB}"
    clickhouse = settings.clickhouse
    if clickhouse.mode == "ec2" and BELOW_8_GIB.fullmatch(clickhouse.instance_type):
        yield f"clickhouse.instance_type is {clickhouse.instance_type} instead of one with 8 GiB"
