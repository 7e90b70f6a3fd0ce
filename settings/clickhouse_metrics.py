"""Names of the CloudWatch metrics of ClickHouse on EC2, for its instance, the alarms, the dashboard and ``ops``."""

METRIC_NAMESPACE = "Langfuse/ClickHouse"
DATA_PATH = "/var/lib/clickhouse"
"""Where the data volume is mounted."""
DISK_USED_PERCENT = "disk_used_percent"
MEMORY_USED_PERCENT = "mem_used_percent"
MAX_PARTS_PER_PARTITION = "max_parts_per_partition"
"""The most active parts that a partition has, of all tables."""
OLDEST_MERGE_SECONDS = "oldest_merge_seconds"
"""The age of the oldest merge that runs, or of the oldest mutation that is not done."""


def dimensions(metric: str, environment: str) -> dict[str, str]:
    """The dimensions of one of the metrics above, in an environment."""
    of_volume = {"path": DATA_PATH, "fstype": "xfs"} if metric == DISK_USED_PERCENT else {}
    return {**of_volume, "Environment": environment}
