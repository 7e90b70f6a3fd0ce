"""What tells that ClickHouse's instance is in trouble, and what heals it."""

from constructs import Construct

from modules.alarm import alarm
from modules.clickhouse_instance import METRIC_NAMESPACE

DATA_PATH = "/var/lib/clickhouse"


class ClickhouseAlarms(Construct):
    """Alarms on the data volume, the memory and the two status checks.

    AWS moves the instance to other hardware when the system check fails, and restarts it when its own check fails.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, environment: str, region: str, instance_id: str, topic_arn: str
    ) -> None:
        super().__init__(scope, id_)
        alarm(
            self,
            "disk",
            name=f"{name}-disk",
            description="ClickHouse's volume is 80 % full: raise clickhouse.volume_gib, see docs/scaling.md",
            namespace=METRIC_NAMESPACE,
            metric="disk_used_percent",
            dimensions={"path": DATA_PATH, "fstype": "xfs", "Environment": environment},
            statistic="Maximum",
            threshold=80,
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "memory",
            name=f"{name}-memory",
            description="ClickHouse is short of memory: take a larger clickhouse.instance_type",
            namespace=METRIC_NAMESPACE,
            metric="mem_used_percent",
            dimensions={"Environment": environment},
            statistic="Average",
            threshold=90,
            minutes=15,
            topic_arn=topic_arn,
        )
        remedies = {
            "system": ("StatusCheckFailed_System", "recover"),
            "instance": ("StatusCheckFailed_Instance", "reboot"),
        }
        for check, (metric, remedy) in remedies.items():
            alarm(
                self,
                check,
                name=f"{name}-{check}-check",
                description=f"ClickHouse's instance fails its {check} check; AWS will {remedy} it",
                namespace="AWS/EC2",
                metric=metric,
                dimensions={"InstanceId": instance_id},
                statistic="Maximum",
                threshold=0,
                minutes=3,
                topic_arn=topic_arn,
                remedy_arn=f"arn:aws:automate:{region}:ec2:{remedy}",
            )
