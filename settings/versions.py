"""Which versions run together: what Langfuse demands of its databases, by Langfuse's own major version.

Source: https://langfuse.com/self-hosting/upgrade and the migration guide from v3 to v4.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Databases(NamedTuple):
    """A version of each database that Langfuse keeps data in."""

    clickhouse: str
    postgres: str
    redis: str


MINIMUM_BY_LANGFUSE_MAJOR = {
    3: Databases(clickhouse="24.3", postgres="12", redis="7.0"),
    4: Databases(clickhouse="25.12", postgres="15", redis="7.0"),
}


def as_numbers(version: str) -> tuple[int, ...]:
    """``"25.12"`` as ``(25, 12)``, so that versions compare by value."""
    return tuple(int(part) for part in version.split("."))


def too_old(langfuse: str, databases: Databases) -> Iterator[tuple[str, str]]:
    """Each database that is too old for this Langfuse, with the version it needs.

    "15" is any 15.x and "7" any 7.x: only as many parts are compared as were given.
    """
    minimum = MINIMUM_BY_LANGFUSE_MAJOR[as_numbers(langfuse)[0]]
    for name, have, least in zip(Databases._fields, databases, minimum, strict=True):
        given = as_numbers(have)
        if given < as_numbers(least)[: len(given)]:
            yield name, least
