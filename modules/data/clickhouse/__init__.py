"""ClickHouse: its secrets and, with ``clickhouse.mode = "ec2"``, its server."""
