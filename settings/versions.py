"""Which versions of the databases each version of Langfuse works with.

Sources: https://langfuse.com/self-hosting/upgrade and the migration guide from v3 to v4 for the oldest versions, and
langfuse/langfuse#16858 for the upper bound of ClickHouse.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Databases(NamedTuple):
    """A version of each of Langfuse's databases."""

    clickhouse: str
    postgres: str
    redis: str


OLDEST_LANGFUSE = {3: "3.170.0", 4: "4.0.0"}
"""The oldest version of each major version that can be deployed. Langfuse 3 before this one publishes no metrics of its
queues to CloudWatch, so that autoscaling and the alarms see nothing."""

MINIMUM_BY_LANGFUSE_MAJOR = {
    3: Databases(clickhouse="24.3", postgres="12", redis="7.0"),
    4: Databases(clickhouse="25.12", postgres="15", redis="7.0"),
}
"""The oldest versions of the databases."""

CLICKHOUSE_BREAK = "26.8"
"""From this version on, ClickHouse reads a number in a column of type DateTime64 as seconds. Older versions of Langfuse
send ticks, so every trace is lost, or dated to the year 9999, and nothing looks unhealthy."""
FIRST_LANGFUSE_AFTER_BREAK = {3: "3.225.7", 4: "4.28.0"}
"""By major version, the first Langfuse that sends dates as text: langfuse/langfuse#16957 for 3, #16892 for 4."""


def as_numbers(version: str) -> tuple[int, ...]:
    """Converts ``"25.12"`` to ``(25, 12)``, so that versions are compared as numbers."""
    return tuple(int(part) for part in version.split("."))


def unsupported(langfuse: str) -> str | None:
    """What a version of Langfuse must be, if it can't be deployed."""
    major = as_numbers(langfuse)[0]
    if major not in OLDEST_LANGFUSE:
        return f"must be of major version {' or '.join(map(str, OLDEST_LANGFUSE))}"
    if _is_before(langfuse, OLDEST_LANGFUSE[major]):
        return f"must be {OLDEST_LANGFUSE[major]} or newer: older ones publish no metrics of their queues"
    return None


def unfit(langfuse: str, databases: Databases, *, clickhouse_reads_ticks: bool = False) -> Iterator[tuple[str, str]]:
    """Yields the name of each database that this version of Langfuse does not work with, and the version that it needs.

    Only the parts that are given are compared. ``"15"`` may be any 15.x, so it is not older than 15.4; and ``"26"`` may
    be 26.8.

    Args:
        langfuse: a version that is supported.
        databases: the versions to look at.
        clickhouse_reads_ticks: whether ClickHouse is known to read numbers as before ``CLICKHOUSE_BREAK``, whatever its
            version: its setting ``compatibility`` does that.
    """
    major = as_numbers(langfuse)[0]
    for name, current, oldest in zip(Databases._fields, databases, MINIMUM_BY_LANGFUSE_MAJOR[major], strict=True):
        if _is_before(current, oldest):
            yield name, f"{oldest} or newer"
    reads_ticks = clickhouse_reads_ticks or _is_before(databases.clickhouse, CLICKHOUSE_BREAK)
    fixed = FIRST_LANGFUSE_AFTER_BREAK[major]
    if not reads_ticks and _is_before(langfuse, fixed):
        yield "clickhouse", f"a version below {CLICKHOUSE_BREAK}, since it loses traces before Langfuse {fixed}"


def _is_before(version: str, bound: str) -> bool:
    """Whether every version that starts like this one is before ``bound``."""
    given = as_numbers(version)
    return given < as_numbers(bound)[: len(given)]
