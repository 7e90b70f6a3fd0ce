"""The command group ``ops clickhouse``."""
