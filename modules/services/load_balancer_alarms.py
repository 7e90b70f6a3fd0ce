"""Alarms for the load balancer."""

from constructs import Construct

from modules.alarm import alarm
from modules.metric import Metric
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
        unhealthy_alarm(
            self,
            load_balancer.unhealthy_targets,
            name=name,
            section="unhealthy",
            task="A web task",
            topic_arn=topic_arn,
        )


def unhealthy_alarm(
    scope: Construct, unhealthy_targets: Metric, *, name: str, section: str, task: str, topic_arn: str
) -> None:
    """Makes an alarm on targets of a service that fail their health check.

    Args:
        scope: the construct that the alarm is part of.
        unhealthy_targets: their number.
        name: what the alarm's name starts with.
        section: the section of docs/alarms.md.
        task: what the description calls a target.
        topic_arn: the SNS topic that the alarm notifies.
    """
    alarm(
        scope,
        "unhealthy",
        unhealthy_targets,
        above=0,
        statistic="Maximum",
        minutes=10,
        name=f"{name}-unhealthy",
        section=section,
        description=f"{task} fails its health check",
        topic_arn=topic_arn,
    )
