"""The TCP ports of the databases and of AWS, by which security groups, connection strings and ``ops`` name them."""

HTTPS = 443
POSTGRES = 5432
REDIS = 6379
CLICKHOUSE_HTTP = 8123
"""Of ClickHouse's HTTP interface inside the VPC."""
CLICKHOUSE_NATIVE = 9000
"""Of ClickHouse's native interface inside the VPC, which only migrations use."""
CLICKHOUSE_HTTPS = 8443
"""Of the HTTP interface of a ClickHouse elsewhere, with TLS."""
CLICKHOUSE_NATIVE_TLS = 9440
"""Of the native interface of a ClickHouse elsewhere, with TLS."""
CLICKHOUSE_TLS = (CLICKHOUSE_HTTPS, CLICKHOUSE_NATIVE_TLS)
