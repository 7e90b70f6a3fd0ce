"""``ops logs``: what web or worker wrote."""

import re
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from ops.target import OpsError, target

POLL_SECONDS = 2
LATE_MILLISECONDS = 60_000
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Service(StrEnum):
    """Who writes."""

    web = "web"
    worker = "worker"


def logs(
    service: Annotated[Service, typer.Argument(help="Whose.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option(metavar="AGE", help="How far back: 90s, 10m, 2h, 1d.")] = "10m",
    match: Annotated[
        str,
        typer.Option("--filter", metavar="PATTERN", help="A filter pattern of CloudWatch Logs: '?ERROR ?WARN'."),
    ] = "",
) -> None:
    """Print the log lines of a service.

    Oldest first: UTC time, the task's id, the line.
    """
    start = int((time.time() - _seconds(since)) * 1000)
    here = target()
    group = here.outputs("services")[f"{service.value}_log_group_name"]
    client = here.session.client("logs")
    seen: set[str] = set()
    try:
        while True:
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=start, filterPattern=match
            )
            newest = start
            for page in pages:
                for event in page["events"]:
                    newest = max(newest, event["timestamp"])
                    if event["eventId"] in seen:
                        continue
                    seen.add(event["eventId"])
                    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(timespec="milliseconds")
                    task = event["logStreamName"].rpartition("/")[2][:8]
                    print(moment.replace("+00:00", "Z"), task, event["message"].rstrip("\n"), flush=True)
            if not follow:
                return
            # Another task's lines may arrive late; those already shown are remembered.
            start = max(start, newest - LATE_MILLISECONDS)
            time.sleep(POLL_SECONDS)
    except client.exceptions.ResourceNotFoundException:
        raise OpsError(f"there is no log group {group}: run `make deploy ENV={here.settings.name}`") from None
    except KeyboardInterrupt:
        raise typer.Exit from None


def _seconds(age: str) -> int:
    found = re.fullmatch(r"(\d+)([smhd])", age, re.ASCII)
    if not found:
        raise typer.BadParameter(f"--since {age}: must be a number and s, m, h or d, as in 10m")
    return int(found[1]) * UNITS[found[2]]
