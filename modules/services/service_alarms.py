"""Alarms for a Fargate service."""

from constructs import Construct

from modules.alarm import alarm
from modules.services.fargate_service import RUNNING_TASKS, FargateService


class ServiceAlarms(Construct):
    """Alarms on a service's memory and on its number of running tasks.

    Args:
        service: the service.
        min_tasks: how many tasks should run at least; 0 while the service is not enabled.
        topic_arn: the SNS topic that the alarms notify.
    """

    def __init__(self, scope: Construct, id_: str, service: FargateService, *, min_tasks: int, topic_arn: str) -> None:
        super().__init__(scope, id_)
        alarm(
            self,
            "memory",
            service.memory,
            above=90,
            statistic="Maximum",
            name=f"{service.name}-memory",
            section=f"{service.node.id}-memory",
            description=f"{service.name} is about to run out of memory: raise memory_mib",
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "running",
            service.cpu,
            below=min_tasks,
            statistic=RUNNING_TASKS,
            minutes=10,
            # A service without any running task publishes nothing.
            missing="breaching" if min_tasks else "notBreaching",
            name=f"{service.name}-running",
            section=f"{service.node.id}-running",
            description=f"{service.name} runs fewer tasks than it should: see why the last one stopped",
            topic_arn=topic_arn,
        )
