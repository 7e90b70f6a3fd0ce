"""``ops logs``: the log of a service."""

import re
import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from ops.environment import OpsError, load_environment

POLL_SECONDS = 2
LATE_MILLISECONDS = 60_000
OLDEST_DAYS = 3653
"""How long CloudWatch Logs keeps lines at most, unless for ever."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

ERRORS = r'?"\"level\":\"error\"" ?"Error:" ?"error:" ?"ERROR:"'
"""A filter pattern. The first phrase is in what Langfuse logs as an error, in JSON. The others are in the plain text of
Node.js and the migrations, which is the last that a container says if it does not start."""


class Service(StrEnum):
    """The services that write logs."""

    web = "web"
    web_ingestion = "web_ingestion"
    web_api = "web_api"
    worker_ingestion = "worker_ingestion"
    worker = "worker"


def logs(
    service: Annotated[Service, typer.Argument(help="The service.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stream new lines until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option(metavar="AGE", help="From how long ago: 90s, 10m, 2h, 1d.")] = "10m",
    match: Annotated[
        str,
        typer.Option(
            "--filter", metavar="PATTERN", help="A CloudWatch Logs filter pattern, such as '{ $.level = \"warn\" }'."
        ),
    ] = "",
    errors: Annotated[
        bool, typer.Option("--errors", help="Errors only: Langfuse's own, the migrations' and Node.js's.")
    ] = False,
) -> None:
    """Print the log lines of a service.

    Oldest first: UTC time, task id, line. Langfuse's lines are JSON, with the field "level".

    Example: ops logs web --follow --since 1h --filter '{ $.level = "warn" }'
    """
    if match and errors:
        raise typer.BadParameter("--filter and --errors can't be combined")
    start = first = int((time.time() - _seconds(since)) * 1000)
    environment = load_environment()
    environment.check_service(service.value)
    group = environment.outputs("services")[f"{service.value}_log_group_name"]
    client = environment.session.client("logs")
    seen: set[str] = set()
    try:
        while True:
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=start, filterPattern=ERRORS if errors else match
            )
            newest = start
            for page in pages:
                for event in page["events"]:
                    newest = max(newest, event["timestamp"])
                    if event["eventId"] in seen:
                        continue
                    seen.add(event["eventId"])
                    task = event["logStreamName"].rpartition("/")[2][:8]
                    print(_utc(event["timestamp"]), task, event["message"].rstrip("\n"), flush=True)
            if not follow:
                break
            # Lines of other tasks may arrive late; those already printed are remembered.
            start = max(start, newest - LATE_MILLISECONDS)
            time.sleep(POLL_SECONDS)
    except client.exceptions.ResourceNotFoundException:
        raise OpsError(f"there is no log group {group}: run {environment.deploy_command}") from None
    except client.exceptions.InvalidParameterException as error:
        raise typer.BadParameter(f"--filter: {error.response['Error']['Message']}") from None
    if not seen:
        which = "errors" if errors else "lines that match" if match else "lines"
        print(f"ops: {service.value} has logged no {which} since {_utc(first)}", file=sys.stderr)


def _utc(milliseconds: int) -> str:
    timestamp = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(age: str) -> int:
    parsed = re.fullmatch(r"(\d{1,9})([smhd])", age, re.ASCII)
    seconds = int(parsed[1]) * UNITS[parsed[2]] if parsed else -1
    if not 0 <= seconds <= OLDEST_DAYS * UNITS["d"]:
        raise typer.BadParameter(f"--since {age}: must be a number and s, m, h or d, up to {OLDEST_DAYS}d, as in 10m")
    return seconds
