"""Errors that only web's log shows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ops.ecs_services import existing_services, primary_deployment
from ops.environment import Environment
from ops.findings import Finding, finding

LOGGED = {
    "no dirty migration": (
        '"Dirty database version"',
        "scale web to 1, then fix schema_migrations in ClickHouse: https://langfuse.com/self-hosting/troubleshooting",
    ),
    "no database out of reach": ("P1001", "see the database's lines above"),
}
"""The check, the filter pattern of its lines, and the remedy."""


def web_log(environment: Environment) -> Iterator[Finding]:
    """Looks at the lines since web's newest deployment began."""
    logs = environment.session.client("logs")
    group = environment.outputs("services")["web_log_group_name"]
    web = existing_services(environment, ["web"]).get("web")
    since = primary_deployment(web)["createdAt"].astimezone(UTC) if web else datetime.now(UTC) - timedelta(hours=1)
    for check, (pattern, remedy) in LOGGED.items():
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since.timestamp() * 1000), filterPattern=pattern
        )
        times_ms = [event["timestamp"] for page in pages for event in page["events"]]
        evidence = f"{group}: {len(times_ms)} line(s) since {since:%Y-%m-%d %H:%M:%SZ}"
        if times_ms:
            evidence += f", the last at {datetime.fromtimestamp(max(times_ms) / 1000, UTC):%H:%M:%SZ}"
        yield finding(check, not times_ms, evidence, remedy)
