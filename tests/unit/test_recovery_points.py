"""Tests of the embedded AWS Backup: a snapshot that was made is listed until it is deleted."""

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
