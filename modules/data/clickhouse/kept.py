"""What stays of the ClickHouse server when ``clickhouse.mode`` changes from ``ec2``: the data and its backups."""

from cdktf import TerraformStack

from modules.data.clickhouse.volume import LOGICAL_ID

KEPT = (
    f"aws_ebs_volume.{LOGICAL_ID}",
    "aws_backup_vault.clickhouse-server_backups_vault_C635FBDF",
    # AWS Backup deletes expired snapshots with it: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-iam.html
    "aws_iam_role.clickhouse-server_backups_role_DFE44BC0",
    "aws_iam_role_policy.clickhouse-server_backups_policy_50BFF5B9",
    # Of earlier releases, whose state may have it.
    "aws_iam_role_policy_attachment.clickhouse-server_backups_policy_50BFF5B9",
)
"""The addresses in Terraform. docs/restore.md uses them too."""


def forget_kept(stack: TerraformStack) -> None:
    """Makes a stack without the server drop these from the state instead of destroying them, if they were there.

    Otherwise, a change of ``clickhouse.mode`` from ``ec2`` would delete every trace and every snapshot; a vault that
    is protected would make the deploy fail.
    https://developer.hashicorp.com/terraform/language/block/removed
    """
    stack.add_override("removed", [{"from": address, "lifecycle": {"destroy": False}} for address in KEPT])
