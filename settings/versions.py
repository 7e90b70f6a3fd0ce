"""Which versions of the databases each version of Langfuse works with.

Versions that are newer than those that are known here are refused, unless ``allow_untested_versions`` is set.

Sources: https://langfuse.com/self-hosting/upgrade and the migration guide from v3 to v4 for the oldest versions,
langfuse/langfuse#16858 and #14178 for what newer versions of ClickHouse broke, and for what AWS offers
https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html and
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html.
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

REDIS_VERSIONS = {"redis": ("7.0", "7.1"), "valkey": ("7.2", "8.0", "8.1", "8.2", "9.0", "9.1")}
"""By engine, the versions that ElastiCache offers and Langfuse supports, in ascending order."""
DEFAULT_REDIS_VERSION = {"redis": "7.1", "valkey": "8.2"}

NEWEST = Databases(clickhouse="26.9", postgres="18", redis=REDIS_VERSIONS["valkey"][-1])
"""The newest versions that are known to work with Langfuse, whatever its version."""

CLICKHOUSE_BREAK = "26.8"
"""From this version on, ClickHouse reads a number in a column of type DateTime64 as seconds. Older versions of Langfuse
send ticks, so every trace is lost, or dated to the year 9999, and nothing looks unhealthy."""
FIRST_LANGFUSE_AFTER_BREAK = {3: "3.225.7", 4: "4.28.0"}
"""By major version, the first Langfuse that sends dates as text: langfuse/langfuse#16957 for 3, #16892 for 4."""

CLICKHOUSE_BROKEN_JOINS = (
    ("26.5.1.651", "26.5.6.70"),
    ("26.6", "26.6.2.108"),
    ("26.7", "26.7.1.1334"),
    ("26.7.2", "26.7.2.11"),
)
"""The releases of ClickHouse, from the first to before the second, in which an optimization makes joins with ``FINAL``
fail (ClickHouse/ClickHouse#109210): Langfuse's page of scores then answers 500 (langfuse/langfuse#14178)."""
FIRST_LANGFUSE_WITHOUT_BROKEN_JOINS = {4: "4.10.0"}
"""By major version, the first Langfuse that switches the optimization off: langfuse/langfuse#16019. No Langfuse 3
does."""


def as_numbers(version: str) -> tuple[int, ...]:
    """Converts ``"25.12"`` to ``(25, 12)``, so that versions are compared as numbers.

    What follows a hyphen is left out: RDS has ``12.22-rds.20250814``, for example.
    """
    return tuple(int(part) for part in version.partition("-")[0].split("."))


def known_major(langfuse: str) -> int:
    """The major version whose rules a version of Langfuse follows: the newest known one, if its own is unknown."""
    return min(as_numbers(langfuse)[0], max(OLDEST_LANGFUSE))


def unsupported(langfuse: str) -> str | None:
    """What a version of Langfuse must be, if it can't be deployed."""
    major = known_major(langfuse)
    if major not in OLDEST_LANGFUSE:
        return f"must be of major version {' or '.join(map(str, OLDEST_LANGFUSE))}"
    if _is_before(langfuse, OLDEST_LANGFUSE[major]):
        return f"must be {OLDEST_LANGFUSE[major]} or newer: older ones publish no metrics of their queues"
    return None


def untested_langfuse(langfuse: str) -> str | None:
    """What a version of Langfuse must be, if it is of a major version that is not known here."""
    if as_numbers(langfuse)[0] in OLDEST_LANGFUSE:
        return None
    return _untested(f"must be of major version {' or '.join(map(str, OLDEST_LANGFUSE))}")


def untested(databases: Databases) -> Iterator[tuple[str, str]]:
    """Yields the name of each database that is newer than what is known here, and what its version must be."""
    for name, current, newest in zip(Databases._fields, databases, NEWEST, strict=True):
        known = as_numbers(newest)
        if as_numbers(current)[: len(known)] > known:
            yield name, _untested(f"must be {newest} or older")


def untested_redis(engine: str, version: str) -> str | None:
    """What a version of an engine must be, if ElastiCache does not offer it, as far as is known here."""
    if version in REDIS_VERSIONS[engine]:
        return None
    return _untested(f"ElastiCache and Langfuse support {engine} {', '.join(REDIS_VERSIONS[engine])}")


def _untested(must: str) -> str:
    return f"{must}; allow_untested_versions = true accepts others all the same"


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
    major = known_major(langfuse)
    for name, current, oldest in zip(Databases._fields, databases, MINIMUM_BY_LANGFUSE_MAJOR[major], strict=True):
        if _is_before(current, oldest):
            yield name, f"{oldest} or newer"
    if (first := _first_fixed(langfuse, FIRST_LANGFUSE_WITHOUT_BROKEN_JOINS)) and _may_break_joins(
        databases.clickhouse
    ):
        fixed = ", ".join(end for _, end in CLICKHOUSE_BROKEN_JOINS)
        yield (
            "clickhouse",
            f"26.4 or older, or a release that is fixed ({fixed} or newer of its line), since the page of scores fails"
            f"{first} (langfuse/langfuse#14178)",
        )
        return
    reads_ticks = clickhouse_reads_ticks or _is_before(databases.clickhouse, CLICKHOUSE_BREAK)
    if not reads_ticks and (first := _first_fixed(langfuse, FIRST_LANGFUSE_AFTER_BREAK)):
        yield "clickhouse", f"a version below {CLICKHOUSE_BREAK}, since it loses traces{first}"


def _first_fixed(langfuse: str, first_fixed: dict[int, str]) -> str:
    """Before which Langfuse a defect is, if this one has it: `` before Langfuse 4.28.0``; otherwise nothing."""
    major = known_major(langfuse)
    if major not in first_fixed:
        return f" with Langfuse {major}"
    return f" before Langfuse {first_fixed[major]}" if _is_before(langfuse, first_fixed[major]) else ""


def _may_break_joins(clickhouse: str) -> bool:
    given = as_numbers(clickhouse)
    return any(as_numbers(first)[: len(given)] <= given < as_numbers(fixed) for first, fixed in CLICKHOUSE_BROKEN_JOINS)


def _is_before(version: str, bound: str) -> bool:
    """Whether every version that starts like this one is before ``bound``."""
    given = as_numbers(version)
    return given < as_numbers(bound)[: len(given)]
