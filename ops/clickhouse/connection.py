"""``ops clickhouse set``: stores the address and the credentials of an external ClickHouse in its six secrets."""

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated
from urllib.parse import SplitResult, urlsplit
from uuid import uuid4

import typer
from botocore.exceptions import ClientError

from ops import secret_input
from ops.console import Apply, AsJson, console, print_json, say_dry_run, show, table
from ops.environment import AWS_ERRORS, Environment, OpsError, load_environment
from settings import ports
from settings.secret_variables import CLICKHOUSE_SECRETS

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="FILE", help="Lines NAME=value for all six; - is standard input. By default, you are asked."
    ),
]
PORTS: dict[str, tuple[Mapping[str, tuple[int, ...]], tuple[int, ...]]] = {
    # The ports that modules/network/security_groups.py lets web and worker connect to.
    "external": ({"https": (ports.CLICKHOUSE_HTTPS, 443)}, (ports.CLICKHOUSE_NATIVE_TLS,)),
    "ec2": ({"http": (ports.CLICKHOUSE_HTTP,)}, (ports.CLICKHOUSE_NATIVE,)),
}
"""By ``clickhouse.mode``: schemes and ports of the HTTP interface, and ports of the native interface."""
VERSION_PREFIX = "clickhouse-set-"
"""What the ids of the secrets' versions start with that ``write`` stores; those of others are UUIDs."""


def _address_error(value: str, ports_by_scheme: Mapping[str, tuple[int, ...]]) -> str | None:
    allowed = " or ".join(
        f"{scheme}://<host>:{port}" for scheme, its_ports in ports_by_scheme.items() for port in its_ports
    )
    try:
        parts: SplitResult = urlsplit(value)
        port = parts.port
    except ValueError:
        return f"must be {allowed}"
    exact = f"{parts.scheme}://{parts.hostname}:{port}"
    known = port in ports_by_scheme.get(parts.scheme, ()) and re.fullmatch(
        r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", parts.hostname or ""
    )
    return None if known and value == exact else f"must be {allowed}, with no path, user or password in it"


def _word_error(value: str) -> str | None:
    # Langfuse's entrypoint puts user, password and database into a URL unescaped.
    return None if re.fullmatch(r"[A-Za-z0-9._~-]+", value) else "must be letters, digits and . _ ~ - only"


def value_error(name: str, value: str, mode: str) -> str | None:
    """What is wrong with a variable's value, without the value itself; None if it is right."""
    if len(value.encode()) > secret_input.LARGEST_BYTES:
        return f"must have at most {secret_input.LARGEST_BYTES} bytes, which is what Secrets Manager takes"
    http, native = PORTS[mode]
    if name == "CLICKHOUSE_URL":
        return _address_error(value, http)
    if name == "CLICKHOUSE_MIGRATION_URL":
        return _address_error(value, {"clickhouse": native})
    if name == "CLICKHOUSE_MIGRATION_SSL":
        needed = "true" if mode == "external" else "false"
        return None if value == needed else f"must be {needed} with clickhouse.mode = {mode}"
    return _word_error(value)


def set_(from_: From = None, apply: Apply = False, as_json: AsJson = False) -> None:
    """Store how to connect to an external ClickHouse.

    Its address and its credentials are stored in its six secrets: in all of them, or in none.

    If the process is killed in the middle, `ops doctor` tells; the same command again then stores all six.

    The names are CLICKHOUSE_URL (https://<host>:8443), CLICKHOUSE_MIGRATION_URL (clickhouse://<host>:9440),
    CLICKHOUSE_USER, CLICKHOUSE_PASSWORD, CLICKHOUSE_DB (default) and CLICKHOUSE_MIGRATION_SSL (true). The values are
    checked before any is stored, and never shown.

    Example: ops clickhouse set --from values.txt --apply
    """
    # A wrong file is refused before AWS is asked; who types the values first learns whether they are needed.
    given = _read(from_) if from_ is not None else {}
    environment = load_environment()
    if environment.settings.clickhouse.mode != "external":
        raise OpsError(
            f"{environment.name} has clickhouse.mode = {environment.settings.clickhouse.mode}: the data stack fills the"
            " secrets itself; set it to external first"
        )
    secrets = {name: environment.secret_name(name) for name in CLICKHOUSE_SECRETS}
    values = given or _read(None)
    client = environment.session.client("secretsmanager")
    before = {name: client.get_secret_value(SecretId=secret) for name, secret in secrets.items()}
    version_ids = {secrets[name]: stored["VersionId"] for name, stored in before.items()}
    changed = [name for name, stored in before.items() if stored["SecretString"] != values[name]]
    if not changed and written_apart(version_ids.values()):
        # The values are right; as versions of one change, `ops doctor` can tell that.
        changed = list(CLICKHOUSE_SECRETS)
    if apply and changed:
        write(client, {secrets[name]: values[name] for name in CLICKHOUSE_SECRETS}, version_ids)
    states = {
        secrets[name]: ("set" if apply else "would be set") if name in changed else "unchanged"
        for name in CLICKHOUSE_SECRETS
    }
    if as_json:
        print_json({"secrets": states, "applied": apply})
        return
    show(table("secret", "state", rows=states.items()))
    if apply:
        console.print(_next_step(environment, changed=bool(changed)))
    else:
        say_dry_run(changes=bool(changed))


def _read(source: str | None) -> dict[str, str]:
    values = secret_input.read(source, "--from", CLICKHOUSE_SECRETS, hidden={"CLICKHOUSE_PASSWORD"})
    check(values)
    return values


def check(values: Mapping[str, str]) -> None:
    """Checks the values for an external ClickHouse.

    Raises:
        typer.BadParameter: on the first value that is wrong.
    """
    for name in CLICKHOUSE_SECRETS:
        if error := value_error(name, values[name], "external"):
            raise typer.BadParameter(f"{name}: {error}")


def written_apart(version_ids: Collection[str]) -> bool:
    """Whether some of the secrets have what ``write`` stored, and others have not, by the ids of their versions."""
    by_write = any(version_id.startswith(VERSION_PREFIX) for version_id in version_ids)
    return by_write and len(set(version_ids)) > 1


def write(client: "SecretsManagerClient", values: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Stores new values in secrets, all of them or none.

    The new versions have one id in all secrets, so that ``written_apart`` finds those that a killed process has left.
    If a value can't be stored, or on Ctrl-C, every secret gets its old version back.

    Args:
        client: Secrets Manager.
        values: the new value of each secret, by its name.
        before: the id of the present version of each secret, by its name.

    Raises:
        OpsError: if a value could not be stored: which one, and whether every secret has its old version.
    """
    version_id = f"{VERSION_PREFIX}{uuid4()}"
    tried: list[str] = []
    try:
        for secret, value in values.items():
            tried.append(secret)
            client.put_secret_value(SecretId=secret, SecretString=value, ClientRequestToken=version_id)
    except BaseException as error:
        # The last one as well, since AWS may have stored it before a timeout.
        left = [secret for secret in tried if not _put_back(client, secret, version_id, before[secret])]
        if isinstance(error, AWS_ERRORS):
            why = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            state = f"but {', '.join(left)} could not be put back" if left else "every secret is as it was"
            raise OpsError(f"{tried[-1]} could not be stored ({why}); {state}. Fix that, then run it again") from None
        raise


def _put_back(client: "SecretsManagerClient", secret: str, new: str, old: str) -> bool:
    """Makes the old version the current one again, with its id. Returns whether it is."""
    try:
        client.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=old, RemoveFromVersionId=new
        )
        return True
    except client.exceptions.ResourceNotFoundException:
        # There is no secret, or no new version of it.
        return True
    except AWS_ERRORS:
        return _current_version_id(client, secret) == old


def _current_version_id(client: "SecretsManagerClient", secret: str) -> str | None:
    try:
        return client.get_secret_value(SecretId=secret)["VersionId"]
    except AWS_ERRORS:
        return None


def _next_step(environment: Environment, *, changed: bool) -> str:
    if not environment.settings.clickhouse.configured:
        return (
            f"Next: set clickhouse.configured = true in environments/{environment.name}.toml, then"
            f" {environment.deploy_command}: it starts the services."
        )
    return "Next: `ops redeploy --apply`, so that the tasks read them." if changed else "Nothing had to change."
