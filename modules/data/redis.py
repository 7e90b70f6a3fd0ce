"""The Redis for Langfuse's queues and caches."""

from collections.abc import Sequence
from typing import NamedTuple

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.elasticache_parameter_group import (
    ElasticacheParameterGroup,
    ElasticacheParameterGroupParameter,
)
from cdktf_cdktf_provider_aws.elasticache_replication_group import ElasticacheReplicationGroup
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings
from modules.metric import Metric
from settings import ports
from settings.sections.redis import Redis as RedisSettings


class RedisNode(NamedTuple):
    """A node of the replication group, and its metrics."""

    id: str
    memory: Metric
    cpu: Metric


class Redis(Construct):
    """An ElastiCache replication group, encrypted at rest and in transit, that never evicts a key.

    Its policy is ``noeviction`` because it holds the queues: an evicted job is lost, and the worker that waits for it
    hangs while ECS shows it healthy (langfuse/langfuse#15509). With two nodes or more, a replica takes over when the
    primary fails.

    Args:
        name: the replication group's id.
        settings: engine, version, size, number of nodes, snapshots.
        subnet_ids: the subnets for the nodes.
        security_group_id: who may connect.
        kms_key_arn: the KMS key that encrypts it at rest, or None for ElastiCache's own. Another one replaces it.
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
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        subnets = ElasticacheSubnetGroup(self, "subnets", name=name, subnet_ids=list(subnet_ids))
        family = f"{settings.engine}{settings.engine_version.split('.')[0]}"
        parameters = ElasticacheParameterGroup(
            self,
            "parameters",
            name=f"{name}-{family}",
            family=family,
            description="Queues must not lose jobs",
            parameter=[ElasticacheParameterGroupParameter(name="maxmemory-policy", value="noeviction")],
            # Another engine needs its own group before the old group can be deleted.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        replicated = settings.nodes > 1
        group = ElasticacheReplicationGroup(
            self,
            "group",
            replication_group_id=name,
            description="Langfuse's queues and caches",
            engine=settings.engine,
            engine_version=settings.engine_version,
            node_type=settings.node_type,
            num_cache_clusters=settings.nodes,
            automatic_failover_enabled=replicated,
            multi_az_enabled=replicated,
            port=ports.REDIS,
            parameter_group_name=parameters.name,
            subnet_group_name=subnets.name,
            security_group_ids=[security_group_id],
            at_rest_encryption_enabled="true",
            kms_key_id=kms_key_arn,
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
        self.id = group.replication_group_id
        self.endpoint = f"{group.primary_endpoint_address}:{ports.REDIS}"
        self.connection_string = f"rediss://{self.endpoint}"
        # ElastiCache's own names for the nodes of a group.
        self.nodes = [_node(f"{name}-{number:03}") for number in range(1, settings.nodes + 1)]


def _node(node_id: str) -> RedisNode:
    dimensions = {"CacheClusterId": node_id}
    return RedisNode(
        id=node_id,
        memory=Metric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", dimensions),
        cpu=Metric("AWS/ElastiCache", "EngineCPUUtilization", dimensions),
    )
