"""The container variables that the stacks fill from Secrets Manager, so nobody else may."""

PLACEHOLDER = "PLACEHOLDER"
"""What a secret holds until an operator fills it."""

WORKER_SECRETS = (
    "DATABASE_URL",
    "SALT",
    "ENCRYPTION_KEY",
    "CLICKHOUSE_URL",
    "CLICKHOUSE_USER",
    "CLICKHOUSE_PASSWORD",
    "CLICKHOUSE_DB",
)
# Only web signs sessions and migrates ClickHouse.
WEB_SECRETS = (*WORKER_SECRETS, "NEXTAUTH_SECRET", "CLICKHOUSE_MIGRATION_URL", "CLICKHOUSE_MIGRATION_SSL")
