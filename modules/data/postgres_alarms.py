"""Alarms for PostgreSQL."""

from constructs import Construct

from modules.alarm import alarm
from modules.data.postgres import Postgres

MIB = 1024**2
GIB = 1024**3


class PostgresAlarms(Construct):
    """Alarms on the instance's CPU, its free storage and its free memory.

    Args:
        postgres: the instance.
        storage_gib: the size of its disk at first; the alarm goes off when less than a tenth of that is free.
        topic_arn: the SNS topic that the alarms notify.
    """

    def __init__(self, scope: Construct, id_: str, postgres: Postgres, *, storage_gib: int, topic_arn: str) -> None:
        super().__init__(scope, id_)
        alarm(
            self,
            "cpu",
            postgres.cpu,
            above=80,
            statistic="Average",
            minutes=15,
            name=f"{postgres.id}-cpu",
            section="postgres-cpu",
            description="PostgreSQL is short of processor: look for slow queries or take a larger instance_class",
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "storage",
            postgres.free_storage_bytes,
            below=storage_gib * GIB // 10,
            statistic="Minimum",
            name=f"{postgres.id}-storage",
            section="postgres-storage",
            description="Under a tenth of PostgreSQL's disk is free: raise postgres.max_storage_gib",
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "memory",
            postgres.freeable_memory_bytes,
            below=100 * MIB,
            statistic="Average",
            minutes=15,
            name=f"{postgres.id}-memory",
            section="postgres-memory",
            description="PostgreSQL has under 100 MiB of memory left: take a larger instance_class",
            topic_arn=topic_arn,
        )
