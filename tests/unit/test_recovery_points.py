"""Tests of the embedded AWS Backup: a snapshot that was made is listed until it is deleted, and makes a volume."""

import pytest
from botocore.exceptions import ClientError

from local import embedded_aws


def test_a_recovery_point_is_listed_until_it_is_deleted() -> None:
    with embedded_aws.running("us-east-1") as aws:
        client = aws.session().client("backup", endpoint_url=aws.url)
        client.create_backup_vault(BackupVaultName="vault")
        client.create_backup_vault(BackupVaultName="other")
        arn = client.start_backup_job(
            BackupVaultName="vault",
            ResourceArn="arn:aws:ec2:us-east-1:123456789012:volume/vol-1",
            IamRoleArn="arn:aws:iam::123456789012:role/backups",
        )["RecoveryPointArn"]
        (listed,) = client.list_recovery_points_by_backup_vault(BackupVaultName="vault")["RecoveryPoints"]
        assert listed["RecoveryPointArn"] == arn
        assert client.list_recovery_points_by_backup_vault(BackupVaultName="other")["RecoveryPoints"] == []
        assert client.describe_recovery_point(BackupVaultName="vault", RecoveryPointArn=arn)["Status"] == "COMPLETED"
        client.delete_recovery_point(BackupVaultName="vault", RecoveryPointArn=arn)
        assert client.describe_backup_vault(BackupVaultName="vault")["NumberOfRecoveryPoints"] == 0
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            client.describe_recovery_point(BackupVaultName="vault", RecoveryPointArn=arn)
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            client.list_recovery_points_by_backup_vault(BackupVaultName="missing")


def test_the_recovery_point_of_a_volume_is_a_snapshot_that_makes_a_volume_of_the_same_size() -> None:
    with embedded_aws.running("us-east-1") as aws:
        client = aws.session().client("backup", endpoint_url=aws.url)
        ec2 = aws.session().client("ec2", endpoint_url=aws.url)
        volume = ec2.create_volume(AvailabilityZone="us-east-1b", Size=50, VolumeType="gp3")["VolumeId"]
        client.create_backup_vault(BackupVaultName="vault")
        arn = client.start_backup_job(
            BackupVaultName="vault",
            ResourceArn=f"arn:aws:ec2:us-east-1:123456789012:volume/{volume}",
            IamRoleArn="arn:aws:iam::123456789012:role/backups",
        )["RecoveryPointArn"]
        assert arn.startswith("arn:aws:ec2:us-east-1::snapshot/snap-")
        snapshot = arn.rpartition("/")[2]
        restored = ec2.create_volume(AvailabilityZone="us-east-1b", SnapshotId=snapshot, VolumeType="gp3")
        assert (restored["Size"], restored["SnapshotId"]) == (50, snapshot)
        client.delete_recovery_point(BackupVaultName="vault", RecoveryPointArn=arn)
        owned = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        assert snapshot not in {described["SnapshotId"] for described in owned}
