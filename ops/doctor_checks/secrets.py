"""Whether the secrets hold values that Langfuse can use."""

import re
from collections.abc import Iterator

from ops import clickhouse
from ops.environment import Environment
from ops.findings import Finding, finding
from ops.secret_value import secret_value
from settings.secret_variables import CLICKHOUSE_SECRETS, PLACEHOLDER


def clickhouse_secrets(environment: Environment) -> Iterator[Finding]:
    """The six secrets hold values that Langfuse can use."""
    mode = environment.settings.clickhouse.mode
    remedy = "`ops clickhouse set --apply`, then `ops redeploy --apply`"
    if mode == "ec2":
        remedy = "put back what Terraform stored (`aws secretsmanager get-secret-value --version-stage TERRAFORM`)"
    for name in CLICKHOUSE_SECRETS:
        secret = environment.secret_name(name)
        value = secret_value(environment, secret)
        if value in (None, PLACEHOLDER):
            yield finding(name, False, f"{secret} holds {'nothing' if value is None else 'the placeholder'}", remedy)
        elif error := clickhouse.value_error(name, value or "", mode):
            yield finding(name, False, f"{secret} {error}", remedy)
        else:
            yield finding(name, True, f"{secret} is well-formed")


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
