"""What ClickHouse's instance publishes about ClickHouse."""

from typing import NamedTuple, Self

from modules.metric import Metric
from settings import clickhouse_metrics


class ClickhouseMetrics(NamedTuple):
    """The metrics of ClickHouse on EC2, which are published each minute.

    Args:
        disk_used_percent: how full the data volume is.
        memory_used_percent: how much of the instance's memory is in use.
        max_parts_per_partition: the most active parts that a partition has, of all tables.
        oldest_merge_seconds: the age of the oldest merge that runs, or of the oldest mutation that is not done.
    """

    disk_used_percent: Metric
    memory_used_percent: Metric
    max_parts_per_partition: Metric
    oldest_merge_seconds: Metric

    @classmethod
    def of(cls, environment: str) -> Self:
        """The metrics of an environment."""
        names = (
            clickhouse_metrics.DISK_USED_PERCENT,
            clickhouse_metrics.MEMORY_USED_PERCENT,
            clickhouse_metrics.MAX_PARTS_PER_PARTITION,
            clickhouse_metrics.OLDEST_MERGE_SECONDS,
        )
        namespace = clickhouse_metrics.METRIC_NAMESPACE
        return cls(*(Metric(namespace, name, clickhouse_metrics.dimensions(name, environment)) for name in names))
