"""How ElastiCache changes a replication group: ministack 1.5 changes the group, but not the nodes that it consists of.

Terraform reads engine, version, size, parameter group, snapshots and security groups from the first node.
"""

from typing import Any

from ministack.services import elasticache

from local.emulator.ministack_gaps import Answer, Handler, Parameters, ToXml, wraps

SAME_IN_GROUP_AND_NODES = (
    "Engine",
    "EngineVersion",
    "CacheNodeType",
    "SecurityGroups",
    "SnapshotRetentionLimit",
    "SnapshotWindow",
)
PENDING = "PendingModifiedValues"
WAITING = {"CacheNodeType", "EngineVersion"}
"""Without ApplyImmediately, what a change of waits for the maintenance window."""


@wraps(elasticache, "_cluster_xml_inner")
def node_with_pending_changes(to_xml: ToXml, node: Parameters) -> str:
    """ElastiCache DescribeCacheClusters in ministack 1.5 does not tell what is pending."""
    pending = "".join(f"<{name}>{value}</{name}>" for name, value in node.get(PENDING, {}).items())
    return f"{to_xml(node)}<{PENDING}>{pending}</{PENDING}>"


@wraps(elasticache, "_create_replication_group", "_increase_replica_count", "_decrease_replica_count")
def group_with_nodes(change: Handler, params: Parameters) -> Answer:
    """ElastiCache lists each node of a group. Where a group has no shards, it names them ``<group>-001`` and so on."""
    answer = change(params)
    _update_nodes(elasticache._p(params, "ReplicationGroupId"))
    return answer


@wraps(elasticache, "_modify_replication_group")
def modified_group_with_nodes(modify: Handler, params: Parameters) -> Answer:
    """ElastiCache ModifyReplicationGroup in ministack 1.5 drops the engine and the security groups.

    Without ApplyImmediately, larger nodes and newer versions wait for the maintenance window, as the nodes tell:
    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html
    """
    id_ = elasticache._p(params, "ReplicationGroupId")
    pending = elasticache._replication_groups.get(id_, {}).setdefault(PENDING, {})
    if elasticache._p(params, "ApplyImmediately") == "true":
        params = {**pending, **params}
        pending.clear()
    else:
        pending |= {name: elasticache._p(params, name) for name in WAITING & params.keys()}
        params = {name: value for name, value in params.items() if name not in WAITING}
    answer = modify(params)
    group = elasticache._replication_groups.get(id_)
    if group:
        group["Engine"] = elasticache._p(params, "Engine") or group["Engine"]
        security_groups = elasticache._extract_configs(params, "SecurityGroupIds", ("SecurityGroupId", "member"))
        if security_groups:
            group["SecurityGroups"] = [{"SecurityGroupId": id_, "Status": "active"} for id_ in security_groups]
        _update_nodes(id_)
    return answer


def _update_nodes(group_id: str) -> None:
    """Makes the listed nodes those of the group's only shard, each with the group's properties."""
    group: dict[str, Any] | None = elasticache._replication_groups.get(group_id)
    if group is None or group["ClusterEnabled"]:
        return
    (shard,) = group["NodeGroups"]
    known = {id_: elasticache._clusters.pop(id_) for id_ in group["MemberClusters"]}
    first = next(iter(known.values()))
    group["MemberClusters"] = []
    for number, member in enumerate(shard["NodeGroupMembers"], start=1):
        id_ = f"{group_id}-{number:03}"
        arn = elasticache._arn_cluster(id_)
        elasticache._clusters[id_] = {
            **first,
            **{name: group[name] for name in SAME_IN_GROUP_AND_NODES},
            "CacheClusterId": id_,
            "CacheClusterArn": arn,
            PENDING: dict(group.get(PENDING, {})),
            "CacheParameterGroup": {
                "CacheParameterGroupName": group["CacheParameterGroupName"],
                "ParameterApplyStatus": "in-sync",
            },
        }
        elasticache._tags[arn] = elasticache._tags[group["ARN"]]
        member["CacheClusterId"] = id_
        group["MemberClusters"].append(id_)
