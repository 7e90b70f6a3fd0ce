"""``ops clickhouse set``: fills the six secrets that tell Langfuse where an external ClickHouse is."""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import SplitResult, urlsplit

import typer
from botocore.exceptions import BotoCoreError, ClientError

from ops.console import Apply, AsJson, console, print_json, say_dry_run, table
from ops.target import CLIENT_CONFIG, OpsError, Target, target

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

app = typer.Typer(no_args_is_help=True, help="Where Langfuse finds its ClickHouse.", rich_markup_mode=None)

From = Annotated[
    str | None,
    typer.Option("--from", metavar="FILE", help="Lines NAME=value with all six; - reads stdin. Else you are asked."),
]


@app.callback()
def _only_group() -> None:
    """Where Langfuse finds its ClickHouse."""


def _url(value: str) -> str | None:
    return _address(value, {"http": (8123,), "https": (8443, 443)})


def _migration_url(value: str) -> str | None:
    return _address(value, {"clickhouse": (9000, 9440)})


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


def _boolean(value: str) -> str | None:
    return None if value in ("true", "false") else "must be true or false"


CHECKS: dict[str, Callable[[str], str | None]] = {
    "CLICKHOUSE_URL": _url,
    "CLICKHOUSE_USER": _plain,
    "CLICKHOUSE_PASSWORD": _plain,
    "CLICKHOUSE_MIGRATION_URL": _migration_url,
    "CLICKHOUSE_DB": _plain,
    "CLICKHOUSE_MIGRATION_SSL": _boolean,
}
"""What is wrong with a value, by the name of Langfuse's variable; nothing if it is right. Never the value itself."""
TLS_PORT = ":9440"


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
    secrets = {name: here.outputs("data")[f"{name.lower()}_secret_name"] for name in CHECKS}
    values = _read(from_)
    check(values)
    client = here.session.client("secretsmanager", config=CLIENT_CONFIG)
    before = {name: client.get_secret_value(SecretId=secret)["SecretString"] for name, secret in secrets.items()}
    changed = [name for name in CHECKS if before[name] != values[name]]
    if apply:
        write(client, {secrets[name]: (before[name], values[name]) for name in changed})
    found = {secrets[name]: ("set" if apply else "would be set") if name in changed else "unchanged" for name in CHECKS}
    if as_json:
        print_json({"secrets": found, "applied": apply})
        return
    console.print(table("secret", "state", rows=found.items()))
    if apply:
        console.print(_next_step(here, changed=bool(changed)))
    else:
        say_dry_run(changes=bool(changed))


def _read(from_: str | None) -> dict[str, str]:
    if from_ is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("there is no terminal to ask at: give the values with --from FILE, or --from -")
        return {name: typer.prompt(name, hide_input=name == "CLICKHOUSE_PASSWORD", err=True).strip() for name in CHECKS}
    try:
        text = sys.stdin.read() if from_ == "-" else Path(from_).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise typer.BadParameter(f"--from {from_}: {reason}") from None
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, _, value in pairs}


def check(values: Mapping[str, str]) -> None:
    """Accepts all six values, or raises ``typer.BadParameter`` with a line on the first that is wrong."""
    unknown, missing = sorted(values.keys() - CHECKS.keys()), [name for name in CHECKS if not values.get(name)]
    if unknown:
        # Not the line: it may be a password that lost its name.
        raise typer.BadParameter(f"{len(unknown)} line(s) with another name than {', '.join(CHECKS)}")
    if missing:
        raise typer.BadParameter(f"{', '.join(missing)}: missing")
    for name, wrong in CHECKS.items():
        if reason := wrong(values[name]):
            raise typer.BadParameter(f"{name}: {reason}")
    if (values["CLICKHOUSE_MIGRATION_SSL"] == "true") != values["CLICKHOUSE_MIGRATION_URL"].endswith(TLS_PORT):
        raise typer.BadParameter("CLICKHOUSE_MIGRATION_SSL: must be true with port 9440, false with port 9000")


def write(client: "SecretsManagerClient", changes: Mapping[str, tuple[str, str]]) -> None:
    """Stores the second of each pair; if one can't be stored, those before it get the first of theirs back.

    Raises:
        OpsError: if a value could not be stored; it says which, and whether everything is as before.
    """
    done: list[str] = []
    for secret, (_, value) in changes.items():
        try:
            client.put_secret_value(SecretId=secret, SecretString=value)
        except (ClientError, BotoCoreError) as error:
            reason = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            left = [one for one in done if not _put_back(client, one, changes[one][0])]
            state = f"but {', '.join(left)} could not be put back" if left else "every secret is as it was"
            raise OpsError(f"{secret} could not be stored ({reason}); {state}. Mend that, then run it again") from None
        done.append(secret)


def _put_back(client: "SecretsManagerClient", secret: str, value: str) -> bool:
    try:
        client.put_secret_value(SecretId=secret, SecretString=value)
    except (ClientError, BotoCoreError):
        return False
    return True


def _next_step(here: Target, *, changed: bool) -> str:
    if not here.settings.clickhouse.configured:
        name = here.settings.name
        return (
            f"Next: set clickhouse.configured = true in environments/{name}.toml, then `make deploy ENV={name}`:"
            " it starts the services."
        )
    return "Next: `ops redeploy --apply`, so that the tasks read them." if changed else "Nothing had to change."
