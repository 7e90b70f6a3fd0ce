"""Requests that ElastiCache refuses."""

from typing import Any

from ministack.services import elasticache

from local.emulator.rules.rule import Request, refuses

VERSIONS = {
    "redis": ("4.0.10", "5.0.6", "6.0", "6.2", "7.0", "7.1"),
    "valkey": ("7.2", "8.0", "8.1", "8.2", "9.0", "9.1"),
}
"""The versions that ElastiCache offers (cfn-lint 1.58)."""


def _group(request: Request) -> dict[str, Any] | None:
    group: dict[str, Any] | None = elasticache._replication_groups.get(request["ReplicationGroupId"])
    return group


def _requested(request: Request) -> tuple[str, str | None]:
    """The engine and the version that the group has after the request."""
    group = _group(request) or {"Engine": "redis", "EngineVersion": None}
    return request.get("Engine") or group["Engine"], request.get("EngineVersion") or group["EngineVersion"]


@refuses("elasticache", "CreateReplicationGroup", "ModifyReplicationGroup", code="InvalidParameterCombination")
def unknown_version(request: Request) -> str | None:
    """ElastiCache offers no such version of the engine."""
    engine, version = _requested(request)
    if version is None or version in VERSIONS[engine]:
        return None
    return f"Cannot find version {version} for {engine}"


@refuses("elasticache", "ModifyReplicationGroup", code="InvalidParameterCombination")
def older_version(request: Request) -> str | None:
    """A group is never downgraded.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SelectEngine.html
    """
    group = _group(request)
    engine, version = _requested(request)
    if group is None or version is None or version not in VERSIONS[engine]:
        return None
    current = f"{group['Engine']} {group['EngineVersion']}"
    if group["Engine"] == "valkey" and engine == "redis":
        return f"Cannot downgrade from {current} to {engine} {version}"
    if _as_numbers(version) < _as_numbers(group["EngineVersion"]):
        return f"Cannot downgrade from {current} to {engine} {version}"
    return None


@refuses("elasticache", "CreateReplicationGroup", "ModifyReplicationGroup", code="InvalidParameterCombination")
def parameter_group_of_another_family(request: Request) -> str | None:
    """Another engine or major version needs another parameter group in the same request."""
    group = _group(request) or {"CacheParameterGroupName": None}
    name = request.get("CacheParameterGroupName") or group["CacheParameterGroupName"]
    engine, version = _requested(request)
    parameters = elasticache._param_groups.get(name)
    if parameters is None or version is None:
        return None
    found = parameters["CacheParameterGroupFamily"]
    expected = elasticache._param_group_family_for_engine(engine, version)
    if found == expected:
        return None
    return f"Expected a parameter group of family {expected} but found one of family {found}"


@refuses("elasticache", "CreateReplicationGroup", code="InvalidParameterValue")
def failover_without_replica(request: Request) -> str | None:
    """A replica has to be there to take over."""
    if not request.get("AutomaticFailoverEnabled") or request.get("NumCacheClusters", 1) > 1:
        return None
    return "When using automatic failover, there must be at least 2 cache clusters in the replication group."


@refuses("elasticache", "DeleteCacheParameterGroup", code="InvalidCacheParameterGroupState")
def parameter_group_in_use(request: Request) -> str | None:
    """Nodes use the parameter group."""
    name = request["CacheParameterGroupName"]
    if all(group["CacheParameterGroupName"] != name for group in elasticache._replication_groups.values()):
        return None
    return (
        f"One or more cache clusters are still members of this parameter group {name}, so the group cannot be deleted"
    )


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
