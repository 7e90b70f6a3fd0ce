"""Asks the running ClickHouse for its version, and for how it reads dates.

An external one is asked over HTTPS, as Langfuse's user. The one on EC2 can't be reached from outside the VPC: Systems
Manager's Run Command starts a client on its instance.
"""

import re
from typing import NamedTuple
from urllib.parse import quote

from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from ops.clickhouse.connection import value_error
from ops.environment import Environment, OpsError
from ops.http_pool import http_pool
from ops.run_command import run_on_clickhouse_instance
from ops.secret_value import secret_value
from settings.secret_variables import PLACEHOLDER

# Off from 26.8 on, unless `compatibility` is older. Where there is no such setting, ClickHouse always reads ticks.
QUERY = (
    "SELECT version(), any(value) FROM system.settings WHERE name = 'input_format_read_datetime_number_as_raw_value'"
)
TIMEOUT_SECONDS = 5
RUN_COMMAND_SECONDS = 15


class Clickhouse(NamedTuple):
    """``reads_ticks``: whether it reads a number in a column of type DateTime64 as ticks, as before version 26.8."""

    version: str
    reads_ticks: bool


def ask(environment: Environment) -> Clickhouse:
    """Asks the server.

    Raises:
        OpsError: if it could not be asked, with the reason.
    """
    external = environment.settings.clickhouse.mode == "external"
    answer = _over_https(environment) if external else _on_the_instance(environment)
    known = re.match(r"(\d+(?:\.\d+)+)\S*\t(1|true|0|false|)\n?$", answer)
    if not known:
        raise OpsError("it does not answer like ClickHouse")
    return Clickhouse(version=known[1], reads_ticks=known[2] not in ("0", "false"))


def _over_https(environment: Environment) -> str:
    values = {}
    for name in ("CLICKHOUSE_URL", "CLICKHOUSE_USER", "CLICKHOUSE_PASSWORD"):
        value = secret_value(environment, environment.secret_name(name))
        if value in (None, PLACEHOLDER) or value_error(name, value or "", "external"):
            raise OpsError(f"{name} is not set yet")
        values[name] = value or ""
    url = values["CLICKHOUSE_URL"]
    headers = {
        "X-ClickHouse-User": values["CLICKHOUSE_USER"],
        "X-ClickHouse-Key": values["CLICKHOUSE_PASSWORD"],
        "X-ClickHouse-Format": "TabSeparated",
    }
    try:
        response = http_pool(url).request(
            "GET",
            f"{url}/?query={quote(QUERY)}",
            headers=headers,
            redirect=False,
            retries=False,
            timeout=Timeout(TIMEOUT_SECONDS),
        )
    except HTTPError as error:
        raise OpsError(f"{url} can't be reached from here ({type(error.__cause__ or error).__name__})") from None
    if response.status != 200:
        raise OpsError(f"{url} answers {response.status}")
    return bytes(response.data).decode(errors="replace")


def _on_the_instance(environment: Environment) -> str:
    query = f'clickhouse-client --query "{QUERY}"'
    return run_on_clickhouse_instance(environment, [query], timeout_seconds=RUN_COMMAND_SECONDS)
