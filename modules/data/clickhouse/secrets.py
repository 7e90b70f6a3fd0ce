"""The six secrets that tell Langfuse where ClickHouse is."""

from dataclasses import dataclass, fields

from constructs import Construct

from modules.secret import Secret, random_letters_and_digits
from settings import ports
from settings.secret_variables import PLACEHOLDER


@dataclass(frozen=True, kw_only=True)
class ClickhouseConnection:
    """What the six secrets hold. A field's name is the end of its secret's name and of its variable's name."""

    url: str
    """The HTTP interface, ``https://host:8443``."""
    user: str
    password: str
    migration_url: str
    """The native interface, ``clickhouse://host:9440``."""
    db: str
    migration_ssl: str
    """``true`` if the native interface speaks TLS."""


def unknown_connection() -> ClickhouseConnection:
    """For an external ClickHouse: four secrets for the operator to fill, and two with the usual values."""
    return ClickhouseConnection(
        url=PLACEHOLDER,
        user=PLACEHOLDER,
        password=PLACEHOLDER,
        migration_url=PLACEHOLDER,
        db="default",
        migration_ssl="true",
    )


def connection_inside_vpc(scope: Construct, *, host: str, user: str) -> ClickhouseConnection:
    """For the ClickHouse of this project: a generated password, and no TLS inside the VPC."""
    return ClickhouseConnection(
        url=f"http://{host}:{ports.CLICKHOUSE_HTTP}",
        user=user,
        password=random_letters_and_digits(scope, "clickhouse-password-value", length=32),
        migration_url=f"clickhouse://{host}:{ports.CLICKHOUSE_NATIVE}",
        db="default",
        migration_ssl="false",
    )


class ClickhouseSecrets(Construct):
    """The six secrets; ``by_variable`` has them by the name of Langfuse's variable.

    What an operator stores in them later stays there until ``version`` changes.

    Args:
        name: what the secrets' names start with.
        connection: what they hold.
        version: another number stores ``connection`` again.
        recovery_window_days: how long a deleted secret can be restored.
        kms_key_arn: the KMS key that encrypts them, or None for ``aws/secretsmanager``.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        connection: ClickhouseConnection,
        version: int,
        recovery_window_days: int,
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        self.by_variable = {
            f"CLICKHOUSE_{field.name.upper()}": Secret(
                self,
                field.name.replace("_", "-"),
                name=f"{name}/clickhouse-{field.name.replace('_', '-')}",
                description=f"Langfuse's CLICKHOUSE_{field.name.upper()}",
                value=getattr(connection, field.name),
                version=version,
                recovery_window_days=recovery_window_days,
                kms_key_arn=kms_key_arn,
            )
            for field in fields(ClickhouseConnection)
        }
