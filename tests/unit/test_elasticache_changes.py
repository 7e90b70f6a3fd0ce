"""Tests of the embedded ElastiCache: what it refuses, and how it changes a replication group."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local import embedded_aws
from ops.pending_changes import of_redis

if TYPE_CHECKING:
    from mypy_boto3_elasticache import ElastiCacheClient

NAME = "langfuse-test-redis"
FAMILIES = ("redis7", "valkey7", "valkey8")


@pytest.fixture(scope="module")
def client() -> "Iterator[ElastiCacheClient]":
    with embedded_aws.running("us-east-1") as aws:
        made = aws.session().client("elasticache", endpoint_url=aws.url)
        for family in FAMILIES:
            made.create_cache_parameter_group(
                CacheParameterGroupName=f"{NAME}-{family}", CacheParameterGroupFamily=family, Description="test"
            )
        yield made


@pytest.fixture
def elasticache(client: "ElastiCacheClient") -> "Iterator[ElastiCacheClient]":
    """A client of an ElastiCache that has one replication group, of Redis 7.1, and a parameter group of each family."""
    create(client, Engine="redis", EngineVersion="7.1", CacheParameterGroupName=f"{NAME}-redis7")
    yield client
    client.delete_replication_group(ReplicationGroupId=NAME)


def create(client: "ElastiCacheClient", **parameters: Any) -> None:
    client.create_replication_group(
        ReplicationGroupId=NAME,
        ReplicationGroupDescription="test",
        CacheNodeType="cache.t4g.micro",
        **{"NumCacheClusters": 1, **parameters},
    )


def modify(client: "ElastiCacheClient", **parameters: Any) -> None:
    client.modify_replication_group(ReplicationGroupId=NAME, ApplyImmediately=True, **parameters)


def nodes(client: "ElastiCacheClient") -> dict[str, Any]:
    return {node["CacheClusterId"]: node for node in client.describe_cache_clusters()["CacheClusters"]}


REFUSED = [
    ({"Engine": "valkey", "EngineVersion": "7.1"}, "InvalidParameterCombination", "Cannot find version 7.1 for valkey"),
    ({"Engine": "redis", "EngineVersion": "7.2"}, "InvalidParameterCombination", "Cannot find version 7.2 for redis"),
    (
        {"Engine": "valkey", "EngineVersion": "8.2", "CacheParameterGroupName": f"{NAME}-redis7"},
        "InvalidParameterCombination",
        "Expected a parameter group of family valkey8 but found one of family redis7",
    ),
]


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [*REFUSED, ({"AutomaticFailoverEnabled": True}, "InvalidParameterValue", "at least 2 cache clusters")],
)
def test_a_group_that_elasticache_does_not_create(
    client: "ElastiCacheClient", parameters: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError, match=rf"{code}.*{message}"):
        create(client, **parameters)
    assert nodes(client) == {}


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [
        *REFUSED,
        ({"EngineVersion": "7.0"}, "InvalidParameterCombination", "Cannot downgrade from redis 7.1 to redis 7.0"),
        ({"Engine": "valkey", "EngineVersion": "8.2"}, "InvalidParameterCombination", "but found one of family redis7"),
    ],
)
def test_a_change_that_elasticache_refuses(
    elasticache: "ElastiCacheClient", parameters: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError, match=rf"{code}.*{message}"):
        modify(elasticache, **parameters)


def test_redis_becomes_valkey_in_place_and_never_redis_again(elasticache: "ElastiCacheClient") -> None:
    modify(elasticache, Engine="valkey", EngineVersion="8.2", CacheParameterGroupName=f"{NAME}-valkey8")
    (node,) = nodes(elasticache).values()
    assert (node["Engine"], node["EngineVersion"]) == ("valkey", "8.2")
    assert node["CacheParameterGroup"]["CacheParameterGroupName"] == f"{NAME}-valkey8"
    with pytest.raises(ClientError, match=r"InvalidParameterCombination.*Cannot downgrade from valkey 8.2 to redis"):
        modify(elasticache, Engine="redis", EngineVersion="7.1", CacheParameterGroupName=f"{NAME}-redis7")


def test_a_parameter_group_in_use_is_not_deleted(elasticache: "ElastiCacheClient") -> None:
    with pytest.raises(ClientError, match=r"InvalidCacheParameterGroupState.*still members of this parameter group"):
        elasticache.delete_cache_parameter_group(CacheParameterGroupName=f"{NAME}-redis7")


def test_nodes_are_added_changed_and_removed_with_the_group(elasticache: "ElastiCacheClient") -> None:
    assert nodes(elasticache).keys() == {f"{NAME}-001"}
    elasticache.increase_replica_count(ReplicationGroupId=NAME, NewReplicaCount=1, ApplyImmediately=True)
    modify(elasticache, CacheNodeType="cache.m7g.large", SnapshotRetentionLimit=3)
    assert nodes(elasticache).keys() == {f"{NAME}-001", f"{NAME}-002"}
    assert {(n["CacheNodeType"], n["SnapshotRetentionLimit"]) for n in nodes(elasticache).values()} == {
        ("cache.m7g.large", 3)
    }
    (group,) = elasticache.describe_replication_groups()["ReplicationGroups"]
    assert group["MemberClusters"] == [f"{NAME}-001", f"{NAME}-002"]
    elasticache.decrease_replica_count(ReplicationGroupId=NAME, NewReplicaCount=0, ApplyImmediately=True)
    assert nodes(elasticache).keys() == {f"{NAME}-001"}


def test_changes_wait_for_the_maintenance_window_unless_they_are_to_be_applied_immediately(
    elasticache: "ElastiCacheClient",
) -> None:
    elasticache.modify_replication_group(ReplicationGroupId=NAME, CacheNodeType="cache.m7g.large")
    elasticache.modify_replication_group(ReplicationGroupId=NAME, SnapshotRetentionLimit=3)
    (waiting,) = nodes(elasticache).values()
    assert waiting["PendingModifiedValues"] == {"CacheNodeType": "cache.m7g.large"}
    assert of_redis({}, [waiting]).startswith("CacheNodeType cache.m7g.large; maintenance window ")
    assert (waiting["CacheNodeType"], waiting["SnapshotRetentionLimit"]) == ("cache.t4g.micro", 3)
    modify(elasticache, SnapshotRetentionLimit=4)
    (changed,) = nodes(elasticache).values()
    assert changed["PendingModifiedValues"] == {}
    assert changed["CacheNodeType"] == "cache.m7g.large"
