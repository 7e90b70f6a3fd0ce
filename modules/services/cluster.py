"""The ECS cluster of the services."""

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from constructs import Construct

from modules.accepted_findings import accept_findings
from settings.fargate import SPOT


class Cluster(Construct):
    """A cluster for Fargate, without Container Insights.

    A service on Fargate Spot depends on ``spot``: AWS refuses a strategy that names a capacity provider which the
    cluster lacks, and does not take a provider from the cluster while tasks use it.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html

    Args:
        name: its name.
        spot: whether services may use Fargate Spot. Otherwise, the cluster gets no capacity provider.
        spot_after: what takes longer to make than the service-linked role of ECS. An account's first cluster makes that
            role, and until ECS can assume it, AWS refuses capacity providers
            (https://github.com/alchemy-run/alchemy/issues/1558). The provider of Terraform waits for it only when it
            makes the cluster.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, spot: bool, spot_after: Sequence[ITerraformDependable]
    ) -> None:
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
        self.spot: Sequence[ITerraformDependable] = []
        """What a service on Fargate Spot depends on."""
        if spot:
            # Imported here, since most environments do without it, and synth is faster so.
            from cdktf_cdktf_provider_aws.ecs_cluster_capacity_providers import EcsClusterCapacityProviders

            self.spot = [
                EcsClusterCapacityProviders(
                    self,
                    "capacity-providers",
                    cluster_name=cluster.name,
                    capacity_providers=[SPOT],
                    depends_on=spot_after,
                )
            ]
