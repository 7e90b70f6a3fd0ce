"""The ECS cluster of the services."""

from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from constructs import Construct


class Cluster(Construct):
    """A cluster for Fargate with Container Insights, which publishes the number of running tasks."""

    def __init__(self, scope: Construct, id_: str, *, name: str) -> None:
        super().__init__(scope, id_)
        self.name = name
        self.arn = EcsCluster(
            self, "cluster", name=name, setting=[EcsClusterSetting(name="containerInsights", value="enabled")]
        ).arn
