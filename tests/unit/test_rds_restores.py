"""Tests of the embedded RDS: what a restored instance keeps, and what a rename changes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local import embedded_aws
from local.embedded_aws import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

NAME, RESTORED, BEFORE = "langfuse-test", "langfuse-test-restored", "langfuse-test-before"


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws.running("us-east-1") as running:
        yield running


@pytest.fixture
def rds(aws: EmbeddedAws) -> "Iterator[RDSClient]":
    """A client of an RDS that has one instance, which is set otherwise than by default."""
    client = aws.session().client("rds", endpoint_url=aws.url)
    client.create_db_parameter_group(DBParameterGroupName=NAME, DBParameterGroupFamily="postgres15", Description="test")
    client.create_db_instance(
        DBInstanceIdentifier=NAME,
        Engine="postgres",
        EngineVersion="15.18",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=50,
        MaxAllocatedStorage=100,
        DBName="langfuse",
        MasterUsername="langfuse",
        MasterUserPassword="not-seen-anywhere",  # pragma: allowlist secret
        StorageEncrypted=True,
        BackupRetentionPeriod=9,
        MultiAZ=True,
        DeletionProtection=True,
        DBParameterGroupName=NAME,
        VpcSecurityGroupIds=["sg-1"],
        EnableCloudwatchLogsExports=["postgresql"],
        Tags=[{"Key": "Project", "Value": "langfuse"}],
    )
    yield client
    for name in names(client):
        client.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    client.delete_db_parameter_group(DBParameterGroupName=NAME)


def instance(rds: "RDSClient", name: str) -> Any:
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def names(rds: "RDSClient") -> set[str]:
    return {instance["DBInstanceIdentifier"] for instance in rds.describe_db_instances()["DBInstances"]}


def assert_restored(restored: Any, source: Any) -> None:
    """Asserts that it has the source's data and size, and RDS's defaults for the rest."""
    kept = (
        "AllocatedStorage",
        "BackupRetentionPeriod",
        "DBName",
        "EngineVersion",
        "MasterUsername",
        "StorageEncrypted",
    )
    assert {name: restored[name] for name in kept} == {name: source[name] for name in kept}
    assert restored["DbiResourceId"] != source["DbiResourceId"]
    assert not restored["MultiAZ"]
    assert not restored["DeletionProtection"]
    assert restored.get("EnabledCloudwatchLogsExports", []) == []
    assert "MaxAllocatedStorage" not in restored
    assert restored["TagList"] == []


def test_a_point_in_time_is_restored_with_the_groups_of_the_request(rds: "RDSClient") -> None:
    source = instance(rds, NAME)
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=NAME, TargetDBInstanceIdentifier=RESTORED, UseLatestRestorableTime=True
    )
    restored = instance(rds, RESTORED)
    assert_restored(restored, source)
    assert restored["VpcSecurityGroups"] == []
    assert restored["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres15"
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=NAME,
        TargetDBInstanceIdentifier=f"{RESTORED}-2",
        RestoreTime=datetime(2026, 1, 1, tzinfo=UTC),
        DBParameterGroupName=NAME,
        VpcSecurityGroupIds=["sg-1"],
    )
    restored = instance(rds, f"{RESTORED}-2")
    assert restored["VpcSecurityGroups"] == [{"VpcSecurityGroupId": "sg-1", "Status": "active"}]
    assert restored["DBParameterGroups"][0]["DBParameterGroupName"] == NAME


def test_a_restore_that_rds_refuses(rds: "RDSClient") -> None:
    latest: dict[str, Any] = {"SourceDBInstanceIdentifier": NAME, "UseLatestRestorableTime": True}
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        rds.restore_db_instance_to_point_in_time(
            **latest, TargetDBInstanceIdentifier=RESTORED, RestoreTime=datetime(2026, 1, 1, tzinfo=UTC)
        )
    with pytest.raises(ClientError, match="DBInstanceAlreadyExists"):
        rds.restore_db_instance_to_point_in_time(**latest, TargetDBInstanceIdentifier=NAME)
    rds.modify_db_instance(DBInstanceIdentifier=NAME, BackupRetentionPeriod=0, ApplyImmediately=True)
    with pytest.raises(ClientError, match="PointInTimeRestoreNotEnabled"):
        rds.restore_db_instance_to_point_in_time(**latest, TargetDBInstanceIdentifier=RESTORED)
    assert names(rds) == {NAME}


def test_a_rename_keeps_the_instance(rds: "RDSClient") -> None:
    source = instance(rds, NAME)
    rds.modify_db_instance(
        DBInstanceIdentifier=NAME,
        NewDBInstanceIdentifier=BEFORE,
        CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]},
        ApplyImmediately=True,
    )
    assert names(rds) == {BEFORE}
    renamed = instance(rds, BEFORE)
    assert renamed["DbiResourceId"] == source["DbiResourceId"]
    assert renamed["TagList"] == source["TagList"]
    assert renamed["DBInstanceArn"].endswith(f":db:{BEFORE}")
    assert renamed.get("EnabledCloudwatchLogsExports", []) == []


def test_a_rename_to_a_taken_identifier_is_refused(rds: "RDSClient") -> None:
    rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier=NAME, TargetDBInstanceIdentifier=RESTORED, UseLatestRestorableTime=True
    )
    with pytest.raises(ClientError, match="DBInstanceAlreadyExists"):
        rds.modify_db_instance(DBInstanceIdentifier=RESTORED, NewDBInstanceIdentifier=NAME, ApplyImmediately=True)


def test_what_is_left_of_a_deleted_instance_is_restored(rds: "RDSClient") -> None:
    source = instance(rds, NAME)
    rds.modify_db_instance(DBInstanceIdentifier=NAME, DeletionProtection=False)
    rds.delete_db_instance(
        DBInstanceIdentifier=NAME, FinalDBSnapshotIdentifier=f"{NAME}-final", DeleteAutomatedBackups=False
    )
    (backup,) = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=NAME)["DBInstanceAutomatedBackups"]
    assert (backup["DbiResourceId"], backup["Status"]) == (source["DbiResourceId"], "retained")
    rds.restore_db_instance_to_point_in_time(
        SourceDbiResourceId=backup["DbiResourceId"], TargetDBInstanceIdentifier=NAME, UseLatestRestorableTime=True
    )
    assert_restored(instance(rds, NAME), source)
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=RESTORED, DBSnapshotIdentifier=f"{NAME}-final", DBParameterGroupName=NAME
    )
    restored = instance(rds, RESTORED)
    assert_restored(restored, source)
    assert restored["DBParameterGroups"][0]["DBParameterGroupName"] == NAME
