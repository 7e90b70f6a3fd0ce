"""The Redis that holds Langfuse's queues and caches."""

from collections.abc import Sequence

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.elasticache_parameter_group import (
    ElasticacheParameterGroup,
    ElasticacheParameterGroupParameter,
)
from cdktf_cdktf_provider_aws.elasticache_replication_group import ElasticacheReplicationGroup
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings
from settings.model import Redis as RedisSettings

PORT = 6379


class Redis(Construct):
    """An ElastiCache replication group, encrypted at rest and in transit, that never evicts a key.

    ``noeviction`` because the queues live here: an evicted job is lost, and the worker that waited for it hangs while
    ECS shows it healthy (langfuse/langfuse#15509). With two nodes or more, a replica takes over by itself.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        settings: RedisSettings,
        subnet_ids: Sequence[str],
        security_group_id: str,
    ) -> None:
        super().__init__(scope, id_)
        subnets = ElasticacheSubnetGroup(self, "subnets", name=name, subnet_ids=list(subnet_ids))
        family = f"{settings.engine}{settings.version.split('.')[0]}"
        parameters = ElasticacheParameterGroup(
            self,
            "parameters",
            name=f"{name}-{family}",
            family=family,
            description="Queues must not lose jobs",
            parameter=[ElasticacheParameterGroupParameter(name="maxmemory-policy", value="noeviction")],
            # A new engine takes a new group before the old one can go.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        replicated = settings.nodes > 1
        group = ElasticacheReplicationGroup(
            self,
            "group",
            replication_group_id=name,
            description="Langfuse's queues and caches",
            engine=settings.engine,
            engine_version=settings.version,
            node_type=settings.node_type,
            num_cache_clusters=settings.nodes,
            automatic_failover_enabled=replicated,
            multi_az_enabled=replicated,
            port=PORT,
            parameter_group_name=parameters.name,
            subnet_group_name=subnets.name,
            security_group_ids=[security_group_id],
            at_rest_encryption_enabled="true",
            transit_encryption_enabled=True,
            snapshot_retention_limit=settings.snapshot_retention_days,
            apply_immediately=True,
        )
        accept_findings(
            group,
            {
                "CKV_AWS_31": "Terraform would keep the token in its state; the firewall lets web and worker in alone",
                "CKV_AWS_191": AWS_KEY_SUFFICES,
                "CKV2_AWS_50": "How many nodes is the environment's choice: redis.nodes",
            },
        )
        self.endpoint = f"{group.primary_endpoint_address}:{PORT}"
        self.connection_string = f"rediss://{self.endpoint}"
        # AWS names the nodes of a group so; alarms watch each.
        self.node_ids = [f"{name}-{number:03}" for number in range(1, settings.nodes + 1)]
