"""What tells that a Fargate service is in trouble."""

from constructs import Construct

from modules.alarm import alarm


class ServiceAlarms(Construct):
    """Alarms on a service's memory and on running fewer tasks than ``min_tasks``."""

    def __init__(
        self, scope: Construct, id_: str, *, cluster_name: str, service_name: str, min_tasks: int, topic_arn: str
    ) -> None:
        super().__init__(scope, id_)
        dimensions = {"ClusterName": cluster_name, "ServiceName": service_name}
        alarm(
            self,
            "memory",
            name=f"{service_name}-memory",
            description=f"{service_name} is about to run out of memory: raise memory_mib",
            namespace="AWS/ECS",
            metric="MemoryUtilization",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=90,
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "running",
            name=f"{service_name}-running",
            description=f"{service_name} runs fewer tasks than it should: see why the last one stopped",
            namespace="ECS/ContainerInsights",
            metric="RunningTaskCount",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=min_tasks,
            below=True,
            # A service that should run and says nothing is down; one with no tasks to run is fine.
            silence_is_trouble=min_tasks > 0,
            minutes=10,
            topic_arn=topic_arn,
        )
