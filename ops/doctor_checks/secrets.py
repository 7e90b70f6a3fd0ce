"""Whether the secrets hold values that Langfuse can use."""

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from ops.clickhouse import connection
from ops.environment import Environment
from ops.findings import Finding, Verdict, finding
from ops.secret_value import current_version, secret_value
from settings.secret_variables import CLICKHOUSE_SECRETS, PLACEHOLDER


def clickhouse_secrets(environment: Environment) -> Iterator[Finding]:
    """The six secrets hold values that Langfuse can use."""
    mode, remedy = environment.settings.clickhouse.mode, _remedy(environment)
    for name in CLICKHOUSE_SECRETS:
        secret = environment.secret_name(name)
        value = secret_value(environment, secret)
        if value in (None, PLACEHOLDER):
            yield finding(name, False, f"{secret} holds {'nothing' if value is None else 'the placeholder'}", remedy)
        elif error := connection.value_error(name, value or "", mode):
            yield finding(name, False, f"{secret} {error}", remedy)
        else:
            yield finding(name, True, f"{secret} is well-formed")


def clickhouse_secrets_fit(environment: Environment) -> Iterator[Finding]:
    """The six secrets are of one ClickHouse: one change stored them, and their addresses have one host."""
    stored = {name: current_version(environment, environment.secret_name(name)) for name in CLICKHOUSE_SECRETS}
    version_ids = {name: version["VersionId"] for name, version in stored.items() if version}
    apart = connection.written_apart(version_ids.values())
    evidence = "none was stored apart from the others"
    if apart:
        [(most, _)] = Counter(version_ids.values()).most_common(1)
        others = ", ".join(name for name, version_id in version_ids.items() if version_id != most)
        evidence = f"{others}: apart from the others, by hand or since `ops clickhouse set` was killed"
    yield finding("ClickHouse's secrets are of one change", not apart, evidence, _remedy(environment))
    addresses = {name: stored[name] for name in ("CLICKHOUSE_URL", "CLICKHOUSE_MIGRATION_URL")}
    hosts = {name: _host(version.get("SecretString", "")) for name, version in addresses.items() if version}
    # What is no address is found above.
    known = {name: host for name, host in hosts.items() if host}
    evidence = ", ".join(f"{name}: {host}" for name, host in known.items())
    yield finding(
        "ClickHouse's addresses have one host",
        len(set(known.values())) <= 1,
        evidence or "there are none",
        f"if these are two servers: {_remedy(environment)}",
        otherwise=Verdict.WARNING,
    )


def _remedy(environment: Environment) -> str:
    if environment.settings.clickhouse.mode == "ec2":
        return "put back what Terraform stored (`aws secretsmanager get-secret-value --version-stage TERRAFORM`)"
    return "`ops clickhouse set --apply` with all six values, then `ops redeploy --apply`"


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def encryption_key(environment: Environment) -> Iterator[Finding]:
    """ENCRYPTION_KEY is hexadecimal, which Langfuse notices only when it first encrypts something."""
    secret = environment.secret_name("ENCRYPTION_KEY")
    passed = re.fullmatch("[0-9a-fA-F]{64}", secret_value(environment, secret) or "") is not None
    remedy = "put the first version back (`aws secretsmanager list-secret-version-ids`): a new one loses data"
    yield finding(
        "ENCRYPTION_KEY is 64 hex digits",
        passed,
        f"{secret} {'is' if passed else 'is not'}",
        remedy,
    )
