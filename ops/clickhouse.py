"""``ops clickhouse set``: fills the six secrets that tell Langfuse where an external ClickHouse is."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated
from urllib.parse import SplitResult, urlsplit

import typer
from botocore.exceptions import ClientError

from ops import named_values
from ops.console import Apply, AsJson, console, print_json, say_dry_run, table
from ops.target import AWS_ERRORS, OpsError, Target, target

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

app = typer.Typer(no_args_is_help=True, help="Where Langfuse finds its ClickHouse.", rich_markup_mode=None)

From = Annotated[
    str | None,
    typer.Option("--from", metavar="FILE", help="Lines NAME=value with all six; - reads stdin. Else you are asked."),
]
PORTS: dict[str, tuple[Mapping[str, tuple[int, ...]], tuple[int, ...]]] = {
    # What modules/firewall.py lets out to a ClickHouse elsewhere, and to one inside the VPC.
    "external": ({"https": (8443, 443)}, (9440,)),
    "ec2": ({"http": (8123,)}, (9000,)),
}
"""By ``clickhouse.mode``: schemes and ports of the HTTP interface, ports of the native one."""


@app.callback()
def _only_group() -> None:
    """Where Langfuse finds its ClickHouse."""


def _address(value: str, ports: Mapping[str, tuple[int, ...]]) -> str | None:
    allowed = " or ".join(f"{scheme}://<host>:{port}" for scheme, its in ports.items() for port in its)
    try:
        parts: SplitResult = urlsplit(value)
        port = parts.port
    except ValueError:
        return f"must be {allowed}"
    exact = f"{parts.scheme}://{parts.hostname}:{port}"
    known = port in ports.get(parts.scheme, ()) and re.fullmatch(
        r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", parts.hostname or ""
    )
    return None if known and value == exact else f"must be {allowed}, with no path, user or password in it"


def _plain(value: str) -> str | None:
    # Langfuse's entrypoint puts user, password and database into a URL unescaped.
    return None if re.fullmatch(r"[A-Za-z0-9._~-]+", value) else "must be letters, digits and . _ ~ - only"


NAMES = (
    "CLICKHOUSE_URL",
    "CLICKHOUSE_USER",
    "CLICKHOUSE_PASSWORD",
    "CLICKHOUSE_MIGRATION_URL",
    "CLICKHOUSE_DB",
    "CLICKHOUSE_MIGRATION_SSL",
)
"""Langfuse's variables."""


def wrong(name: str, value: str, mode: str) -> str | None:
    """What is wrong with the value of a variable, nothing if it is right. Never the value itself."""
    http, native = PORTS[mode]
    if name == "CLICKHOUSE_URL":
        return _address(value, http)
    if name == "CLICKHOUSE_MIGRATION_URL":
        return _address(value, {"clickhouse": native})
    if name == "CLICKHOUSE_MIGRATION_SSL":
        needed = "true" if mode == "external" else "false"
        return None if value == needed else f"must be {needed} with clickhouse.mode = {mode}"
    return _plain(value)


@app.command("set")
def set_(from_: From = None, apply: Apply = False, as_json: AsJson = False) -> None:
    """Store the address and the credentials of an external ClickHouse in the six secrets: all of them, or none.

    The names are CLICKHOUSE_URL (https://<host>:8443), CLICKHOUSE_MIGRATION_URL (clickhouse://<host>:9440),
    CLICKHOUSE_USER, CLICKHOUSE_PASSWORD, CLICKHOUSE_DB (default) and CLICKHOUSE_MIGRATION_SSL (true).
    Values are checked before any is written, and never shown.
    """
    here = target()
    if here.settings.clickhouse.mode != "external":
        raise OpsError(
            f"{here.settings.name} has clickhouse.mode = {here.settings.clickhouse.mode}: the data stack fills the"
            " secrets itself; set it to external first"
        )
    secrets = {name: here.outputs("data")[f"{name.lower()}_secret_name"] for name in NAMES}
    values = named_values.read(from_, "--from", NAMES, hidden={"CLICKHOUSE_PASSWORD"})
    check(values)
    client = here.session.client("secretsmanager")
    before = {name: client.get_secret_value(SecretId=secret)["SecretString"] for name, secret in secrets.items()}
    changed = [name for name in NAMES if before[name] != values[name]]
    if apply:
        write(client, {secrets[name]: (before[name], values[name]) for name in changed})
    found = {secrets[name]: ("set" if apply else "would be set") if name in changed else "unchanged" for name in NAMES}
    if as_json:
        print_json({"secrets": found, "applied": apply})
        return
    console.print(table("secret", "state", rows=found.items()))
    if apply:
        console.print(_next_step(here, changed=bool(changed)))
    else:
        say_dry_run(changes=bool(changed))


def check(values: Mapping[str, str]) -> None:
    """Accepts the values for an external ClickHouse, or raises ``typer.BadParameter`` on the first that is wrong."""
    for name in NAMES:
        if found := wrong(name, values[name], "external"):
            raise typer.BadParameter(f"{name}: {found}")


def write(client: "SecretsManagerClient", changes: Mapping[str, tuple[str, str]]) -> None:
    """Stores the second of each pair; if one can't be stored, or on Ctrl-C, all get the first of theirs back.

    Raises:
        OpsError: if a value could not be stored; it says which, and whether everything is as before.
    """
    tried: list[str] = []
    try:
        for secret, (_, value) in changes.items():
            tried.append(secret)
            client.put_secret_value(SecretId=secret, SecretString=value)
    except BaseException as error:
        # The last one too: after a time-out nobody knows whether AWS stored it.
        left = [one for one in tried if not _put_back(client, one, changes[one][0])]
        if isinstance(error, AWS_ERRORS):
            why = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            state = f"but {', '.join(left)} could not be put back" if left else "every secret is as it was"
            raise OpsError(f"{tried[-1]} could not be stored ({why}); {state}. Mend that, then run it again") from None
        raise


def _put_back(client: "SecretsManagerClient", secret: str, value: str) -> bool:
    try:
        client.put_secret_value(SecretId=secret, SecretString=value)
        return True
    except client.exceptions.ResourceNotFoundException:
        # There is nothing that could differ.
        return True
    except AWS_ERRORS:
        return False


def _next_step(here: Target, *, changed: bool) -> str:
    if not here.settings.clickhouse.configured:
        name = here.settings.name
        return (
            f"Next: set clickhouse.configured = true in environments/{name}.toml, then `make deploy ENV={name}`:"
            " it starts the services."
        )
    return "Next: `ops redeploy --apply`, so that the tasks read them." if changed else "Nothing had to change."
