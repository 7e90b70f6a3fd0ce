"""Alarms for Redis."""

from constructs import Construct

from modules.alarm import alarm
from modules.data.redis import Redis


class RedisAlarms(Construct):
    """Alarms on the memory and the CPU of each node.

    With ``noeviction``, a Redis that is full refuses writes, and ingestion stops (langfuse/langfuse#11016).

    Args:
        redis: the replication group.
        topic_arn: the SNS topic that the alarms notify.
    """

    def __init__(self, scope: Construct, id_: str, redis: Redis, *, topic_arn: str) -> None:
        super().__init__(scope, id_)
        for node in redis.nodes:
            alarm(
                self,
                f"{node.id}-memory",
                node.memory,
                above=75,
                statistic="Maximum",
                name=f"{node.id}-memory",
                section="redis-memory",
                description="Redis is three quarters full: does the worker keep up? If so, take a larger node_type",
                topic_arn=topic_arn,
            )
            alarm(
                self,
                f"{node.id}-cpu",
                node.cpu,
                above=80,
                statistic="Average",
                minutes=15,
                name=f"{node.id}-cpu",
                section="redis-cpu",
                description="Redis is short of processor: take a larger node_type",
                topic_arn=topic_arn,
            )
