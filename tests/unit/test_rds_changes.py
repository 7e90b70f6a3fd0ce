"""Tests of the embedded RDS: what it refuses, and when it changes an instance."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local import embedded_aws
from local.embedded_aws import EmbeddedAws
from ops.pending_changes import of_database

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

NAME = "langfuse-test-postgres"


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws.running("us-east-1") as running:
        yield running


@pytest.fixture
def rds(aws: EmbeddedAws) -> "Iterator[RDSClient]":
    """A client of an RDS that has one instance, of PostgreSQL 15, and parameter groups for 15 and 16."""
    client = aws.session().client("rds", endpoint_url=aws.url)
    for major in (15, 16):
        client.create_db_parameter_group(
            DBParameterGroupName=f"{NAME}-{major}", DBParameterGroupFamily=f"postgres{major}", Description="test"
        )
    client.create_db_subnet_group(
        DBSubnetGroupName=NAME, DBSubnetGroupDescription="test", SubnetIds=subnets(aws, "us-east-1a", "us-east-1b")
    )
    client.create_db_instance(
        DBInstanceIdentifier=NAME,
        Engine="postgres",
        EngineVersion="15",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=50,
        DBParameterGroupName=f"{NAME}-15",
        DBSubnetGroupName=NAME,
    )
    yield client
    client.modify_db_instance(DBInstanceIdentifier=NAME, DeletionProtection=False)
    client.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)
    for major in (15, 16):
        client.delete_db_parameter_group(DBParameterGroupName=f"{NAME}-{major}")
    client.delete_db_subnet_group(DBSubnetGroupName=NAME)


def subnets(aws: EmbeddedAws, *zones: str) -> list[str]:
    """Returns the default subnets of the zones."""
    ec2 = aws.session().client("ec2", endpoint_url=aws.url)
    return [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"] if subnet["AvailabilityZone"] in zones]


def instance(rds: "RDSClient") -> Any:
    return rds.describe_db_instances(DBInstanceIdentifier=NAME)["DBInstances"][0]


UPGRADE: dict[str, Any] = {"EngineVersion": "16", "DBParameterGroupName": f"{NAME}-16"}
REFUSED_CHANGES: list[tuple[dict[str, Any], str]] = [
    (UPGRADE, "AllowMajorVersionUpgrade flag must be present"),
    ({"EngineVersion": "16", "AllowMajorVersionUpgrade": True}, "DBParameterGroupFamily postgres15 can't be used"),
    ({"EngineVersion": "15.4"}, r"Cannot upgrade postgres from 15\.\d+ to 15\.4"),
    ({"EngineVersion": "14", "AllowMajorVersionUpgrade": True}, r"Cannot upgrade postgres from 15\.\d+ to 14"),
    ({"EngineVersion": "99", "AllowMajorVersionUpgrade": True}, "Cannot find version 99"),
    ({"DBParameterGroupName": f"{NAME}-16"}, "Please use a Parameter Group with DBParameterGroupFamily postgres15"),
    ({"AllocatedStorage": 20}, "cannot be less"),
    ({"MaxAllocatedStorage": 52}, "Max storage size"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED_CHANGES)
def test_a_change_that_rds_refuses(rds: "RDSClient", change: dict[str, Any], message: str) -> None:
    before = instance(rds)
    with pytest.raises(ClientError, match=rf"InvalidParameterCombination.*{message}"):
        rds.modify_db_instance(DBInstanceIdentifier=NAME, ApplyImmediately=True, **change)
    after = instance(rds)
    for key in ("EngineVersion", "DBParameterGroups", "AllocatedStorage"):
        assert after[key] == before[key]


@pytest.mark.parametrize(
    "password", ["short-7", "x" * 129, "with/slash", "with@sign", 'with"quote', "with space", "ünïcode-letters"]
)
def test_a_password_that_rds_refuses(rds: "RDSClient", password: str) -> None:
    with pytest.raises(ClientError, match="is not a valid password") as error:
        rds.modify_db_instance(DBInstanceIdentifier=NAME, MasterUserPassword=password)
    assert error.value.response["Error"]["Code"] == "InvalidParameterValue"


@pytest.mark.parametrize("password", ["x" * 8, "x" * 128, "!#$%&'()*+,-.:;<=>?[]^_`{|}~"])
def test_a_password_that_rds_takes(rds: "RDSClient", password: str) -> None:
    rds.modify_db_instance(DBInstanceIdentifier=NAME, MasterUserPassword=password, ApplyImmediately=True)


def test_a_major_upgrade_with_the_flag_and_its_own_parameter_group(rds: "RDSClient") -> None:
    assert instance(rds)["EngineVersion"].startswith("15.")
    rds.modify_db_instance(DBInstanceIdentifier=NAME, ApplyImmediately=True, AllowMajorVersionUpgrade=True, **UPGRADE)
    assert instance(rds)["EngineVersion"].startswith("16.")
    assert instance(rds)["DBParameterGroups"] == [
        {"DBParameterGroupName": f"{NAME}-16", "ParameterApplyStatus": "in-sync"}
    ]


def test_changes_wait_for_the_maintenance_window_unless_they_are_to_be_applied_immediately(rds: "RDSClient") -> None:
    rds.modify_db_instance(DBInstanceIdentifier=NAME, DBInstanceClass="db.m7g.large", BackupRetentionPeriod=9)
    rds.modify_db_instance(DBInstanceIdentifier=NAME, MultiAZ=True)
    waiting = instance(rds)
    assert waiting["PendingModifiedValues"] == {"DBInstanceClass": "db.m7g.large", "MultiAZ": True}
    assert (waiting["DBInstanceClass"], waiting["MultiAZ"]) == ("db.t4g.micro", False)
    assert waiting["BackupRetentionPeriod"] == 9
    assert of_database(waiting).startswith("DBInstanceClass db.m7g.large, MultiAZ true; maintenance window ")
    rds.modify_db_instance(DBInstanceIdentifier=NAME, DBInstanceClass="db.m7g.xlarge", ApplyImmediately=True)
    changed = instance(rds)
    assert changed.get("PendingModifiedValues", {}) == {}
    assert of_database(changed) == ""
    assert (changed["DBInstanceClass"], changed["MultiAZ"]) == ("db.m7g.xlarge", True)


def test_a_parameter_that_repeats_the_default_is_not_the_users(rds: "RDSClient") -> None:
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    for group, family, source, method in (
        (f"{NAME}-16", "postgres16", "engine-default", "pending-reboot"),
        (f"{NAME}-14", "postgres14", "user", "immediate"),
    ):
        if family == "postgres14":
            rds.create_db_parameter_group(DBParameterGroupName=group, DBParameterGroupFamily=family, Description="test")
        rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=[parameter])  # type: ignore[list-item]
        pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group)
        (found,) = [p for page in pages for p in page["Parameters"] if p["ParameterName"] == "rds.force_ssl"]
        assert (found["ParameterValue"], found["Source"], found["ApplyMethod"]) == ("1", source, method)
    rds.delete_db_parameter_group(DBParameterGroupName=f"{NAME}-14")


def test_what_is_in_use_is_not_deleted(rds: "RDSClient") -> None:
    with pytest.raises(ClientError, match=r"InvalidDBParameterGroupState.*still members of this parameter group"):
        rds.delete_db_parameter_group(DBParameterGroupName=f"{NAME}-15")
    with pytest.raises(ClientError, match=rf"InvalidDBSubnetGroupStateFault.*{NAME} is still using it"):
        rds.delete_db_subnet_group(DBSubnetGroupName=NAME)


def test_a_final_snapshot_needs_a_name_that_is_free(rds: "RDSClient") -> None:
    with pytest.raises(ClientError, match=r"InvalidParameterCombination.*FinalDBSnapshotIdentifier is required"):
        rds.delete_db_instance(DBInstanceIdentifier=NAME)
    rds.create_db_snapshot(DBInstanceIdentifier=NAME, DBSnapshotIdentifier=f"{NAME}-final")
    with pytest.raises(ClientError, match=rf"DBSnapshotAlreadyExists.*{NAME}-final already exists"):
        rds.delete_db_instance(DBInstanceIdentifier=NAME, FinalDBSnapshotIdentifier=f"{NAME}-final")
    rds.delete_db_snapshot(DBSnapshotIdentifier=f"{NAME}-final")


def test_a_protected_instance_is_not_deleted(rds: "RDSClient") -> None:
    rds.modify_db_instance(DBInstanceIdentifier=NAME, DeletionProtection=True)
    with pytest.raises(ClientError, match=r"InvalidParameterCombination.*please disable deletion protection"):
        rds.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)


def test_a_subnet_group_needs_two_zones(aws: EmbeddedAws, rds: "RDSClient") -> None:
    with pytest.raises(ClientError, match=r"DBSubnetGroupDoesNotCoverEnoughAZs.*Current AZ coverage: us-east-1a"):
        rds.create_db_subnet_group(
            DBSubnetGroupName="narrow", DBSubnetGroupDescription="test", SubnetIds=subnets(aws, "us-east-1a")
        )
