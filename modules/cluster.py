"""The ECS cluster that the services run in."""

from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from constructs import Construct


class Cluster(Construct):
    """A cluster for Fargate, with Container Insights: the count of running tasks is an alarm and a scaling input."""

    def __init__(self, scope: Construct, id_: str, *, name: str) -> None:
        super().__init__(scope, id_)
        self.name = name
        self.arn = EcsCluster(
            self, "cluster", name=name, setting=[EcsClusterSetting(name="containerInsights", value="enabled")]
        ).arn
