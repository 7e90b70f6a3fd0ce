"""Alarms for ClickHouse's instance."""

from constructs import Construct

from modules.alarm import alarm
from modules.data.clickhouse.instance import ClickhouseInstance
from settings.partition import partition_of


class ClickhouseAlarms(Construct):
    """Alarms on the data volume, the memory, the parts, the merges and the two status checks.

    When the system status check fails, AWS moves the instance to other hardware; when the instance status check fails,
    AWS restarts it.

    Args:
        instance: the instance.
        name: what the alarms' names start with.
        region: the AWS region.
        topic_arn: the SNS topic that the alarms notify.
    """

    def __init__(
        self, scope: Construct, id_: str, instance: ClickhouseInstance, *, name: str, region: str, topic_arn: str
    ) -> None:
        super().__init__(scope, id_)
        alarm(
            self,
            "disk",
            instance.metrics.disk_used_percent,
            above=80,
            statistic="Maximum",
            name=f"{name}-disk",
            section="clickhouse-disk",
            description="ClickHouse's volume is 80 % full: raise clickhouse.volume_gib",
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "memory",
            instance.metrics.memory_used_percent,
            # ClickHouse takes at most 80 % (boot.sh), and refuses queries instead of taking more.
            above=75,
            statistic="Average",
            minutes=15,
            name=f"{name}-memory",
            section="clickhouse-memory",
            description="ClickHouse is short of memory: take a larger clickhouse.instance_type",
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "parts",
            instance.metrics.max_parts_per_partition,
            above=300,
            statistic="Maximum",
            minutes=15,
            missing="missing",
            name=f"{name}-parts",
            section="clickhouse-parts",
            description="ClickHouse merges slower than it takes rows or, with INSUFFICIENT_DATA, does not answer",
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "merges",
            instance.metrics.oldest_merge_seconds,
            above=6 * 60 * 60,
            statistic="Maximum",
            name=f"{name}-merges",
            section="clickhouse-merges",
            description="A merge or a mutation of ClickHouse does not end: ops clickhouse report has its error",
            topic_arn=topic_arn,
        )
        checks = {
            "system": (instance.system_status_check_failed, "recover"),
            "instance": (instance.instance_status_check_failed, "reboot"),
        }
        for check, (metric, action) in checks.items():
            alarm(
                self,
                check,
                metric,
                above=0,
                statistic="Maximum",
                minutes=3,
                name=f"{name}-{check}-check",
                section=f"clickhouse-{check}-check",
                description=f"ClickHouse's instance fails its {check} check; AWS will {action} it",
                topic_arn=topic_arn,
                ec2_action_arn=f"arn:{partition_of(region)}:automate:{region}:ec2:{action}",
            )
