"""Alarms for the load balancer."""

from constructs import Construct

from modules.alarm import alarm
from modules.metric import Metric
from modules.services.fargate_service import FargateService
from modules.services.load_balancer import LoadBalancer


class LoadBalancerAlarms(Construct):
    """Alarms on errors that web answers with, on errors of the load balancer itself and on unhealthy targets.

    Args:
        load_balancer: the load balancer.
        name: what the alarms' names start with.
        topic_arn: the SNS topic that the alarms notify.
    """

    def __init__(self, scope: Construct, id_: str, load_balancer: LoadBalancer, *, name: str, topic_arn: str) -> None:
        super().__init__(scope, id_)
        alarm(
            self,
            "web-errors",
            load_balancer.target_errors,
            above=10,
            statistic="Sum",
            name=f"{name}-web-errors",
            section="web-errors",
            description="Web answers with 5xx: read its logs",
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "balancer-errors",
            load_balancer.own_errors,
            above=10,
            statistic="Sum",
            name=f"{name}-balancer-errors",
            section="balancer-errors",
            description="The load balancer finds no web task to answer, or one that hangs up",
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "unhealthy",
            load_balancer.unhealthy_targets,
            above=0,
            statistic="Maximum",
            minutes=10,
            name=f"{name}-unhealthy",
            section="unhealthy",
            description="A web task fails its health check",
            topic_arn=topic_arn,
        )


def unhealthy_alarm(scope: Construct, unhealthy_targets: Metric, *, service: FargateService, topic_arn: str) -> None:
    """Makes an alarm on targets of another service than web that fail their health check.

    Args:
        scope: the construct that the alarm is part of.
        unhealthy_targets: their number.
        service: the service.
        topic_arn: the SNS topic that the alarm notifies.
    """
    alarm(
        scope,
        "unhealthy",
        unhealthy_targets,
        above=0,
        statistic="Maximum",
        minutes=10,
        name=f"{service.name}-unhealthy",
        section=f"{service.node.id}-unhealthy",
        description=f"A task of {service.name} fails its health check",
        topic_arn=topic_arn,
    )
