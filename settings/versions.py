"""The oldest versions of the databases that each major version of Langfuse supports.

Source: https://langfuse.com/self-hosting/upgrade and the migration guide from v3 to v4.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Databases(NamedTuple):
    """A version of each of Langfuse's databases."""

    clickhouse: str
    postgres: str
    redis: str


MINIMUM_BY_LANGFUSE_MAJOR = {
    3: Databases(clickhouse="24.3", postgres="12", redis="7.0"),
    4: Databases(clickhouse="25.12", postgres="15", redis="7.0"),
}


def as_numbers(version: str) -> tuple[int, ...]:
    """Converts ``"25.12"`` to ``(25, 12)``, so that versions are compared as numbers."""
    return tuple(int(part) for part in version.split("."))


def too_old(langfuse: str, databases: Databases) -> Iterator[tuple[str, str]]:
    """Yields the name of each database that is too old for this version of Langfuse, with the oldest supported version.

    Only the parts that are given are compared: ``"15"`` may be any 15.x, so it is not older than 15.4.
    """
    minimum = MINIMUM_BY_LANGFUSE_MAJOR[as_numbers(langfuse)[0]]
    for name, current, least in zip(Databases._fields, databases, minimum, strict=True):
        given = as_numbers(current)
        if given < as_numbers(least)[: len(given)]:
            yield name, least
