"""What tells that PostgreSQL is in trouble."""

from constructs import Construct

from modules.alarm import alarm

GIB = 1024**3


class PostgresAlarms(Construct):
    """Alarms on the database's processor, its free disk and its free memory."""

    def __init__(self, scope: Construct, id_: str, *, instance_id: str, storage_gib: int, topic_arn: str) -> None:
        super().__init__(scope, id_)
        dimensions = {"DBInstanceIdentifier": instance_id}
        alarm(
            self,
            "cpu",
            name=f"{instance_id}-cpu",
            description="PostgreSQL is short of processor: look for slow queries or take a larger instance_class",
            namespace="AWS/RDS",
            metric="CPUUtilization",
            dimensions=dimensions,
            statistic="Average",
            threshold=80,
            minutes=15,
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "storage",
            name=f"{instance_id}-storage",
            description="Under a tenth of PostgreSQL's disk is free: raise postgres.max_storage_gib",
            namespace="AWS/RDS",
            metric="FreeStorageSpace",
            dimensions=dimensions,
            statistic="Minimum",
            threshold=storage_gib * GIB // 10,
            below=True,
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "memory",
            name=f"{instance_id}-memory",
            description="PostgreSQL has under 100 MiB of memory left: take a larger instance_class",
            namespace="AWS/RDS",
            metric="FreeableMemory",
            dimensions=dimensions,
            statistic="Average",
            threshold=100 * 1024**2,
            minutes=15,
            below=True,
            topic_arn=topic_arn,
        )
