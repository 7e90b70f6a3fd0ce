"""The environment variables of the containers that the stacks fill from Secrets Manager."""

PLACEHOLDER = "PLACEHOLDER"
"""Value of a secret until an operator stores the real one."""

WORKER_SECRETS = (
    "DATABASE_URL",
    "SALT",
    "ENCRYPTION_KEY",
    "CLICKHOUSE_URL",
    "CLICKHOUSE_USER",
    "CLICKHOUSE_PASSWORD",
    "CLICKHOUSE_DB",
)
# Only web signs sessions and migrates ClickHouse, so the worker does not get the secrets for that.
WEB_SECRETS = (*WORKER_SECRETS, "NEXTAUTH_SECRET", "CLICKHOUSE_MIGRATION_URL", "CLICKHOUSE_MIGRATION_SSL")
# Those of the section first, if it is set.
FIRST_SECRETS = ("LANGFUSE_INIT_USER_PASSWORD", "LANGFUSE_INIT_PROJECT_PUBLIC_KEY", "LANGFUSE_INIT_PROJECT_SECRET_KEY")
CLICKHOUSE_SECRETS = tuple(variable for variable in WEB_SECRETS if variable.startswith("CLICKHOUSE_"))

CA_CERTIFICATES = "CA_CERTIFICATES"
"""The variable of the container that writes the certificates of langfuse.ca_certificate_secret_arn to a file."""


def secret_name_output(variable: str) -> str:
    """Returns the output of the data stack that has the name of a variable's secret."""
    return f"{variable.lower().removesuffix('_secret')}_secret_name"
