"""How RDS keeps backups, restores them to a new instance, and renames an instance.

ministack 1.5 restores no point in time, forgets how an instance was set when it makes a snapshot, and renames nothing.
"""

from collections.abc import Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from ministack.services import rds

from local.emulator.ministack_gaps import Answer, Handler, Parameters, wraps

Instance = Mapping[str, Any]

KEPT = (
    "AllocatedStorage",
    "BackupRetentionPeriod",
    "DBInstanceClass",
    "DBName",
    "Engine",
    "EngineVersion",
    "KmsKeyId",
    "MasterUsername",
    "StorageEncrypted",
    "StorageType",
)
"""What a restored instance has of its source, where the request has nothing else.

Everything else is RDS's default: security group, parameter group, one zone, no protection, no exported logs, no tags.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
"""
_retained: dict[str, Instance] = {}
"""The deleted instances whose automated backups are kept, by their resource IDs."""


def add_rds_restores() -> None:
    """Adds the actions that ministack lacks."""
    rds._ACTION_MAP["RestoreDBInstanceToPointInTime"] = _restore_to_point_in_time
    rds._ACTION_MAP["DescribeDBInstanceAutomatedBackups"] = _describe_retained_backups


def _restore_to_point_in_time(params: Parameters) -> Answer:
    name = rds._p(params, "SourceDBInstanceIdentifier")
    source = rds._resolve_instance(name) if name else _retained.get(rds._p(params, "SourceDbiResourceId"))
    if source is None:
        return _error("DBInstanceNotFound", f"DBInstance {name} not found.", 404)
    if not source["BackupRetentionPeriod"]:
        return _error("PointInTimeRestoreNotEnabled", f"{name} has no automated backups.", 400)
    identifier = rds._p(params, "TargetDBInstanceIdentifier")
    return _restored("RestoreDBInstanceToPointInTime", source, identifier, params)


@wraps(rds, "_create_snapshot_internal")
def snapshot_with_its_instance(create: Handler, name: str, instance: Instance) -> dict[str, Any]:
    """RDS's snapshots in ministack 1.5 forget most of the instance."""
    snapshot: dict[str, Any] = create(name, instance)  # type: ignore[assignment]
    snapshot["_instance"] = deepcopy(instance)
    return snapshot


@wraps(rds, "RestoreDBInstanceFromDBSnapshot")
def instance_of_a_snapshot(restore: Handler, params: Parameters) -> Answer:
    """RDS RestoreDBInstanceFromDBSnapshot in ministack 1.5 drops the groups and the options of the request."""
    snapshot = rds._snapshots.get(rds._p(params, "DBSnapshotIdentifier"))
    if snapshot is None:
        return restore(params)
    identifier = rds._p(params, "DBInstanceIdentifier")
    return _restored("RestoreDBInstanceFromDBSnapshot", snapshot["_instance"], identifier, params)


def _restored(action: str, source: Instance, identifier: str, params: Parameters) -> Answer:
    kept = {name: [_text(source[name])] for name in KEPT if source.get(name) not in {None, ""}}
    own = {"DBInstanceIdentifier": [identifier], "MasterUserPassword": [source["_MasterUserPassword"]]}
    status, headers, body = rds._ACTION_MAP["CreateDBInstance"]({**kept, **params, **own})
    return status, headers, body.replace(b"CreateDBInstance", action.encode())


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@wraps(rds, "DeleteDBInstance")
def deleted_with_or_without_backups(delete: Handler, params: Parameters) -> Answer:
    """RDS DeleteDBInstance in ministack 1.5 keeps no automated backups, whatever ``DeleteAutomatedBackups`` says."""
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    answer = delete(params)
    if answer[0] == HTTPStatus.OK and rds._p(params, "DeleteAutomatedBackups") == "false":
        _retained[instance["DbiResourceId"]] = deepcopy(instance)
    return answer


def _describe_retained_backups(params: Parameters) -> Answer:
    """RDS DescribeDBInstanceAutomatedBackups, for those of deleted instances."""
    name = rds._p(params, "DBInstanceIdentifier")
    members = "".join(
        "<DBInstanceAutomatedBackup>"
        f"<DBInstanceIdentifier>{backup['DBInstanceIdentifier']}</DBInstanceIdentifier>"
        f"<DbiResourceId>{id_}</DbiResourceId><Status>retained</Status>"
        "</DBInstanceAutomatedBackup>"
        for id_, backup in _retained.items()
        if name in {"", backup["DBInstanceIdentifier"]}
    )
    action = "DescribeDBInstanceAutomatedBackups"
    result = f"<DBInstanceAutomatedBackups>{members}</DBInstanceAutomatedBackups>"
    answer: Answer = rds._xml(200, f"{action}Response", f"<{action}Result>{result}</{action}Result>")
    return answer


@wraps(rds, "ModifyDBInstance")
def renamed_instance(modify: Handler, params: Parameters) -> Answer:
    """RDS ModifyDBInstance in ministack 1.5 ignores a new identifier, and which logs are exported.

    A rename that is applied at once keeps the resource ID, the tags and the settings.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
    """
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    answer = modify(params)
    if answer[0] != HTTPStatus.OK:
        return answer
    logs = "CloudwatchLogsExportConfiguration"
    exported = set(instance.get("EnabledCloudwatchLogsExports", []))
    exported |= set(rds._parse_member_list(params, f"{logs}.EnableLogTypes"))
    exported -= set(rds._parse_member_list(params, f"{logs}.DisableLogTypes"))
    instance["EnabledCloudwatchLogsExports"] = sorted(exported)
    renamed = rds._p(params, "NewDBInstanceIdentifier")
    if renamed and rds._p(params, "ApplyImmediately") == "true":
        before, after = instance["DBInstanceArn"], instance["DBInstanceArn"].rpartition(":")[0] + f":{renamed}"
        rds._instances[renamed] = rds._instances.pop(instance["DBInstanceIdentifier"])
        rds._tags[after] = rds._tags.pop(before, [])
        instance.update(DBInstanceIdentifier=renamed, DBInstanceArn=after)
    shown: Answer = rds._single_instance_response("ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance)
    return shown


def _error(code: str, message: str, status: int) -> Answer:
    answer: Answer = rds._error(code, message, status)
    return answer
