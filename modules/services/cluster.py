"""The ECS cluster of the services."""

from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from constructs import Construct

from modules.accepted_findings import accept_findings


class Cluster(Construct):
    """A cluster for Fargate, without Container Insights."""

    def __init__(self, scope: Construct, id_: str, *, name: str) -> None:
        super().__init__(scope, id_)
        self.name = name
        cluster = EcsCluster(
            self,
            "cluster",
            name=name,
            # Left out, a cluster of an earlier deploy would keep it, and a new one would have what the account sets.
            setting=[EcsClusterSetting(name="containerInsights", value="disabled")],
        )
        accept_findings(
            cluster,
            {
                "CKV_AWS_65": (
                    "Container Insights costs about 18 USD a month; the alarms, the dashboard and the autoscaling do "
                    "with ECS's own metrics, which are free"
                )
            },
        )
        self.arn = cluster.arn
