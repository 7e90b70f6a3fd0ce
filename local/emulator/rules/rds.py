"""Requests that RDS refuses."""

import re
from typing import Any

from ministack.services import rds

from local.emulator.rds_changes import NEWEST_MINOR, full_version
from local.emulator.rules.rule import Request, refuses

PASSWORD = re.compile(r"[!#-.0-?A-~]{8,128}")

Instance = dict[str, Any]


def _instance(request: Request) -> Instance | None:
    instance: Instance | None = rds._instances.get(request["DBInstanceIdentifier"])
    return instance


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in full_version(version).split("."))


def _major(version: str) -> str:
    return version.partition(".")[0]


@refuses("rds", "CreateDBInstance", "ModifyDBInstance", code="InvalidParameterValue")
def password_invalid(request: Request) -> str | None:
    """What RDS takes for PostgreSQL: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html.

    The message is that of terraform-aws-modules/terraform-aws-rds#243.
    """
    password = request.get("MasterUserPassword")
    if password is None or PASSWORD.fullmatch(password):
        return None
    return (
        "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides"
        """ '/', '@', '"', ' ' may be used."""
    )


@refuses("rds", "CreateDBInstance", "ModifyDBInstance", code="InvalidParameterCombination")
def unknown_version(request: Request) -> str | None:
    """RDS offers no such major version."""
    version = request.get("EngineVersion")
    if not version or _major(version) in NEWEST_MINOR:
        return None
    return f"Cannot find version {version} for postgres"


@refuses("rds", "ModifyDBInstance", code="InvalidParameterCombination")
def older_version(request: Request) -> str | None:
    """An instance is never downgraded."""
    instance, version = _instance(request), request.get("EngineVersion")
    if instance is None or version is None or _major(version) not in NEWEST_MINOR:
        return None
    current = instance["EngineVersion"]
    if _as_numbers(version) >= _as_numbers(current) or version == _major(current):
        return None
    return f"Cannot upgrade postgres from {current} to {full_version(version)}"


@refuses("rds", "ModifyDBInstance", code="InvalidParameterCombination")
def major_version_without_permission(request: Request) -> str | None:
    """hashicorp/terraform-provider-aws#6448."""
    instance, version = _instance(request), request.get("EngineVersion")
    if instance is None or version is None or _major(version) == _major(instance["EngineVersion"]):
        return None
    if request.get("AllowMajorVersionUpgrade"):
        return None
    return "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."


@refuses("rds", "CreateDBInstance", "ModifyDBInstance", code="InvalidParameterCombination")
def parameter_group_of_another_family(request: Request) -> str | None:
    """A new major version needs another parameter group in the same request, unless AWS's default group is used."""
    instance = _instance(request) or {"EngineVersion": None, "DBParameterGroups": []}
    used = [group["DBParameterGroupName"] for group in instance["DBParameterGroups"]]
    name = request.get("DBParameterGroupName") or next(iter(used), None)
    version = request.get("EngineVersion") or instance["EngineVersion"]
    group = rds._param_groups.get(name)
    if group is None or version is None:
        return None
    family, needed = group["DBParameterGroupFamily"], f"postgres{_major(version)}"
    if family == needed:
        return None
    return (
        f"The Parameter Group {name} with DBParameterGroupFamily {family} can't be used for this instance. "
        f"Please use a Parameter Group with DBParameterGroupFamily {needed}"
    )


@refuses("rds", "ModifyDBInstance", code="InvalidParameterCombination")
def less_storage(request: Request) -> str | None:
    """Storage never shrinks."""
    instance, requested = _instance(request), request.get("AllocatedStorage")
    if instance is None or requested is None or requested >= instance["AllocatedStorage"]:
        return None
    return f"Requested storage size ({requested}) cannot be less than the current size ({instance['AllocatedStorage']})"


@refuses("rds", "CreateDBInstance", "ModifyDBInstance", code="InvalidParameterCombination")
def narrow_storage_autoscaling(request: Request) -> str | None:
    """The limit has to exceed the storage by a tenth or more."""
    instance = _instance(request) or {}
    storage = request.get("AllocatedStorage") or instance.get("AllocatedStorage")
    limit = request.get("MaxAllocatedStorage")
    if limit is None or storage is None or limit * 10 >= storage * 11:
        return None
    return "Max storage size must be greater than storage size"


@refuses("rds", "ModifyDBInstance", code="DBInstanceAlreadyExists")
def rename_to_taken_identifier(request: Request) -> str | None:
    """Another instance has the identifier."""
    return "DB instance already exists" if request.get("NewDBInstanceIdentifier") in rds._instances else None


@refuses("rds", "RestoreDBInstanceToPointInTime", code="InvalidParameterCombination")
def one_point_in_time(request: Request) -> str | None:
    """The time is either a given one or the latest."""
    if ("RestoreTime" in request) != bool(request.get("UseLatestRestorableTime")):
        return None
    return "Specify either RestoreTime or UseLatestRestorableTime."


@refuses("rds", "DeleteDBInstance", code="InvalidParameterCombination")
def protected_instance(request: Request) -> str | None:
    """The instance has deletion protection. Terraform reads the message, which ministack words differently."""
    instance = _instance(request)
    if instance is None or not instance["DeletionProtection"]:
        return None
    return "Cannot delete protected DB Instance, please disable deletion protection and try again."


@refuses("rds", "DeleteDBInstance", code="InvalidParameterCombination")
def final_snapshot_without_name(request: Request) -> str | None:
    """The final snapshot has no name."""
    if request.get("SkipFinalSnapshot") or request.get("FinalDBSnapshotIdentifier"):
        return None
    return "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."


@refuses("rds", "DeleteDBInstance", code="DBSnapshotAlreadyExists")
def final_snapshot_with_taken_name(request: Request) -> str | None:
    """hashicorp/terraform-provider-aws#4467."""
    name = request.get("FinalDBSnapshotIdentifier")
    if name is None or name not in rds._snapshots:
        return None
    return f"Cannot create the snapshot because a snapshot with the identifier {name} already exists."


@refuses("rds", "DeleteDBParameterGroup", code="InvalidDBParameterGroupState")
def parameter_group_in_use(request: Request) -> str | None:
    """An instance uses the parameter group."""
    name = request["DBParameterGroupName"]
    used = {group["DBParameterGroupName"] for instance in _instances() for group in instance["DBParameterGroups"]}
    if name not in used:
        return None
    return (
        f"One or more database instances are still members of this parameter group {name}, "
        "so the group cannot be deleted"
    )


@refuses("rds", "DeleteDBSubnetGroup", code="InvalidDBSubnetGroupStateFault")
def subnet_group_in_use(request: Request) -> str | None:
    """An instance uses the subnet group."""
    name = request["DBSubnetGroupName"]
    for instance in _instances():
        if instance["DBSubnetGroup"]["DBSubnetGroupName"] == name:
            user = instance["DBInstanceIdentifier"]
            return (
                f"Cannot delete the subnet group '{name}' because at least one database instance: {user} "
                "is still using it."
            )
    return None


@refuses("rds", "CreateDBSubnetGroup", "ModifyDBSubnetGroup", code="DBSubnetGroupDoesNotCoverEnoughAZs")
def subnets_in_one_zone(request: Request) -> str | None:
    """The subnets have to cover two Availability Zones."""
    subnets, _ = rds._resolve_subnet_group_members(request["SubnetIds"]) or ([], "")
    zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets}
    if len(zones) != 1:
        return None
    return (
        "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. "
        f"Current AZ coverage: {', '.join(zones)}. Add subnets to cover at least 2 AZs."
    )


def _instances() -> list[Instance]:
    return list(rds._instances.values())
