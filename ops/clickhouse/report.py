"""``ops clickhouse report``: what fills ClickHouse's volume, until when it has room, and how its merges are."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from entry_point import one_line
from ops.clickhouse.forecast import Forecast, forecast
from ops.clickhouse.instance import require_instance
from ops.console import AsJson, console, print_json, show, table
from ops.environment import Environment, OpsError, load_environment
from ops.run_command import run_on_clickhouse_instance

TIMEOUT_SECONDS = 60
GIB = 1024**3
SUMMARY = (
    "SELECT version() AS version, total_space AS total_bytes, free_space AS free_bytes,"
    " (SELECT count() FROM system.merges) AS merges,"
    " (SELECT toUInt64(max(elapsed)) FROM system.merges) AS oldest_merge_seconds,"
    " (SELECT count() FROM system.mutations WHERE NOT is_done) AS mutations,"
    " (SELECT max(dateDiff('second', create_time, now())) FROM system.mutations WHERE NOT is_done)"
    " AS oldest_mutation_seconds,"
    " (SELECT left(anyLast(latest_fail_reason), 300) FROM system.mutations"
    " WHERE NOT is_done AND latest_fail_reason != '') AS mutation_error"
    " FROM system.disks WHERE name = 'default'"
)
LARGEST_TABLES = (
    "SELECT database, table, sum(part_rows) AS rows, sum(bytes) AS bytes, sum(part_count) AS parts,"
    " max(part_count) AS max_parts_per_partition FROM"
    " (SELECT database, table, partition_id, sum(rows) AS part_rows, sum(bytes_on_disk) AS bytes,"
    " count() AS part_count FROM system.parts WHERE active GROUP BY database, table, partition_id)"
    " GROUP BY database, table ORDER BY bytes DESC LIMIT 15"
)
# ClickHouse writes large numbers as text, unless it is told not to.
SUMMARY_COLUMNS: Mapping[str, type] = {
    "version": str,
    "total_bytes": int,
    "free_bytes": int,
    "merges": int,
    "oldest_merge_seconds": int,
    "mutations": int,
    "oldest_mutation_seconds": int,
    "mutation_error": str,
}
TABLE_COLUMNS: Mapping[str, type] = {
    "database": str,
    "table": str,
    "rows": int,
    "bytes": int,
    "parts": int,
    "max_parts_per_partition": int,
}

Row = Mapping[str, Any]


def report(as_json: AsJson = False) -> None:
    """Show what fills ClickHouse's volume, and until when.

    The largest tables, the forecast of the disk, merges and mutations. Nothing is changed.

    With clickhouse.mode = "ec2", the queries run on the instance, through Systems Manager's Run Command. The forecast
    is of the disk's metric in CloudWatch, of the last two weeks.

    Example: ops clickhouse report
    """
    environment = load_environment()
    require_instance(environment)
    with console.status("Asking ClickHouse ..."):
        summary, *tables = _ask(environment)
        forecasted = forecast(environment)
    if as_json:
        print_json({**summary, "forecast": forecasted._asdict(), "tables": tables})
        return
    show(
        table("table", "GiB", "rows", "parts", "most in a partition", rows=map(_cells, tables)),
        one_line(f"{environment.settings.prefix}: ClickHouse {summary['version']}, its largest tables"),
    )
    show(table("what", "state", rows=_states(summary, forecasted)))


def _ask(environment: Environment) -> list[Row]:
    """The row that answers ``SUMMARY``, and those of ``LARGEST_TABLES``."""
    lines = [
        f'clickhouse-client --readonly 1 --query "{query} FORMAT JSONEachRow"' for query in (SUMMARY, LARGEST_TABLES)
    ]
    answer = run_on_clickhouse_instance(environment, lines, timeout_seconds=TIMEOUT_SECONDS)
    try:
        first, *others = [json.loads(line) for line in answer.splitlines()]
        summary, tables = _typed(first, SUMMARY_COLUMNS), [_typed(row, TABLE_COLUMNS) for row in others]
        if summary["total_bytes"] < 1:
            raise ValueError("a volume has a size")
        return [summary, *tables]
    except (LookupError, TypeError, ValueError):
        raise OpsError("ClickHouse's answer can't be read: it is cut off, or not ClickHouse's") from None


def _typed(row: Row, columns: Mapping[str, type]) -> Row:
    return {name: type_(row[name]) for name, type_ in columns.items()}


def _cells(row: Row) -> Iterator[str]:
    yield f"{row['database']}.{row['table']}"
    yield f"{row['bytes'] / GIB:,.2f}"
    for name in ("rows", "parts", "max_parts_per_partition"):
        yield f"{row[name]:,}"


def _states(summary: Row, forecasted: Forecast) -> Iterator[tuple[str, str]]:
    total, used = summary["total_bytes"], summary["total_bytes"] - summary["free_bytes"]
    yield "volume", f"{used / GIB:,.1f} of {total / GIB:,.1f} GiB are in use ({used / total:.0%})"
    yield "forecast", str(forecasted)
    yield "merges", _work("running", summary["merges"], summary["oldest_merge_seconds"])
    error = summary["mutation_error"]
    mutations = _work("unfinished", summary["mutations"], summary["oldest_mutation_seconds"])
    yield "mutations", f"{mutations}; an error of one: {error}" if error else mutations


def _work(state: str, count: int, oldest_seconds: int) -> str:
    return f"{count} {state}, the oldest is {timedelta(seconds=oldest_seconds)} old" if count else f"none {state}"
