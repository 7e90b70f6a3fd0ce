"""What tells that users see errors."""

from constructs import Construct

from modules.alarm import alarm

ALB = "AWS/ApplicationELB"


class LoadBalancerAlarms(Construct):
    """Alarms on errors that web returns, on errors of the load balancer itself and on unhealthy targets."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        load_balancer: str,
        target_group: str,
        topic_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        dimensions = {"LoadBalancer": load_balancer}
        alarm(
            self,
            "web-errors",
            name=f"{name}-web-errors",
            description="Web answers with 5xx: read its logs",
            namespace=ALB,
            metric="HTTPCode_Target_5XX_Count",
            dimensions=dimensions,
            statistic="Sum",
            threshold=10,
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "balancer-errors",
            name=f"{name}-balancer-errors",
            description="The load balancer finds no web task to answer, or one that hangs up",
            namespace=ALB,
            metric="HTTPCode_ELB_5XX_Count",
            dimensions=dimensions,
            statistic="Sum",
            threshold=10,
            topic_arn=topic_arn,
        )
        alarm(
            self,
            "unhealthy",
            name=f"{name}-unhealthy",
            description="A web task fails its health check",
            namespace=ALB,
            metric="UnHealthyHostCount",
            dimensions={**dimensions, "TargetGroup": target_group},
            statistic="Maximum",
            threshold=0,
            minutes=10,
            topic_arn=topic_arn,
        )
