"""What ElastiCache says of the nodes of Redis."""

from typing import TYPE_CHECKING

from ops.environment import Environment

if TYPE_CHECKING:
    from mypy_boto3_elasticache.type_defs import CacheClusterTypeDef


def redis_nodes(environment: Environment) -> "list[CacheClusterTypeDef]":
    """The nodes of the replication group; none if it does not exist."""
    pages = environment.session.client("elasticache").get_paginator("describe_cache_clusters").paginate()
    return [
        node
        for page in pages
        for node in page["CacheClusters"]
        if node.get("ReplicationGroupId") == environment.redis_id
    ]
