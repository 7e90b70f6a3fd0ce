"""What tells that Redis is in trouble."""

from collections.abc import Sequence

from constructs import Construct

from modules.alarm import alarm


class RedisAlarms(Construct):
    """Alarms on each node's memory and processor.

    Memory matters most: with ``noeviction``, a full Redis refuses writes and ingestion stops (langfuse/langfuse#11016).
    """

    def __init__(self, scope: Construct, id_: str, *, node_ids: Sequence[str], topic_arn: str) -> None:
        super().__init__(scope, id_)
        for node_id in node_ids:
            dimensions = {"CacheClusterId": node_id}
            alarm(
                self,
                f"{node_id}-memory",
                name=f"{node_id}-memory",
                description="Redis is three quarters full: does the worker keep up? If so, take a larger node_type",
                namespace="AWS/ElastiCache",
                metric="DatabaseMemoryUsagePercentage",
                dimensions=dimensions,
                statistic="Maximum",
                threshold=75,
                topic_arn=topic_arn,
            )
            alarm(
                self,
                f"{node_id}-cpu",
                name=f"{node_id}-cpu",
                description="Redis is short of processor: take a larger node_type",
                namespace="AWS/ElastiCache",
                metric="EngineCPUUtilization",
                dimensions=dimensions,
                statistic="Average",
                threshold=80,
                minutes=15,
                topic_arn=topic_arn,
            )
