"""Malformed and unsupported versions, and pairs of versions that do not work together."""

from collections.abc import Iterator

from tests.inputs.case import Case, right, setting

MALFORMED = (
    "latest", "v15", "15.", ".15", "15..1", "15.x", "15.*", "15-alpine", "15 ", " 15", "15\n", "~15", ">=15", "^15",
    "15,1", "15_1", "+15", "-15", "1e1", "0x0f", "15.1.", "१५", "１５", "15.４", "15.1.2.3.4", "9" * 5000, "015",
    "15.01",
    "٣.٤", "15.4-R2", "15.4+1", "0", "00", "15\x00", "15/16", "15:1", "", "15.1 16", "${15}",
)  # fmt: skip
WRONG = {
    "postgres.version": ("9.6", "12", "13", "14", "14.9", "19", "99", "15.4.2", "15.0.0.0"),
    "redis.version": ("5.0.6", "6", "6.2", "6.x", "7", "7.2", "7.1.0", "7.9", "8.0", "8.2", "9.0", "99", "7.0.15"),
    "clickhouse.version": ("20", "24.3", "24.8", "25.8", "25.11", "25.12.0.0.0", "26.8", "26.9", "27", "99.1"),
    "langfuse.version": (
        "latest", "4", "3", "4.16", "3.170", "v4.16.0", "4.16.0-rc.1", "4.16.0-arm64", "3.169.0", "3.0.0", "2.95.0",
        "5.0.0", "0.0.0", "4.16.0.1", "4.016.0", "04.16.0", "4.16.x", "4.16.०", "4.-1.0", "sha256:" + "0" * 64,
        "4.16.0@sha256:" + "0" * 64, "langfuse/langfuse:4.16.0", "4.16.0 ", "4.16.0\n",
    ),
}  # fmt: skip
RIGHT = {
    "postgres.version": ("15", "15.4", "16", "16.4", "17"),
    "redis.version": ("7.0", "7.1"),
    "clickhouse.version": ("25.12", "26.3", "26.4", "25.12.3", "26.4.1.1234", "26.5"),
    "langfuse.version": ("4.16.0", "4.0.0", "4.16.1"),
}


def cases() -> Iterator[Case]:
    """Yields the cases."""
    for path, wrong in WRONG.items():
        yield from (setting(path, version) for version in (*wrong, *MALFORMED))
        yield from (right(setting(path, version)) for version in RIGHT[path])
    for valkey in ("7.0", "7.1", "6.2", "7", "7.3", "8", "8.3", "9.9", "10.0", "7.2.6"):
        yield setting("redis.version", valkey, redis__engine="valkey")
    for valkey in ("7.2", "8.0", "8.1", "8.2"):
        yield right(setting("redis.version", valkey, redis__engine="valkey"))
    for langfuse, clickhouse in (
        ("4.16.0", "24.3"),
        ("4.16.0", "25.8"),
        ("4.27.9", "26.8"),
        ("3.225.6", "26.8"),
        ("3.170.0", "26.5"),
    ):
        yield setting("langfuse.version", langfuse, clickhouse__version=clickhouse)
    yield setting("langfuse.version", "3.170.0", postgres__version="11")
    for langfuse, clickhouse in (("3.170.0", "24.3"), ("3.225.4", "25.8"), ("4.0.0", "25.12")):
        yield right(setting("langfuse.version", langfuse, clickhouse__version=clickhouse))
    yield right(setting("langfuse.version", "3.170.0", postgres__version="15"))
