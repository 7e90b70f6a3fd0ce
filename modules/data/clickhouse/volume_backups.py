"""Daily snapshots of a volume."""

from cdktf_cdktf_provider_aws.backup_plan import BackupPlan, BackupPlanRule, BackupPlanRuleLifecycle
from cdktf_cdktf_provider_aws.backup_selection import BackupSelection
from cdktf_cdktf_provider_aws.backup_vault import BackupVault
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings
from modules.policy_document import Allow, only_through, policy_document, trust_document
from settings.partition import partition_of

DAILY_AT_3_UTC = "cron(0 3 * * ? *)"


class VolumeBackups(Construct):
    """An AWS Backup plan that makes a snapshot of the volume every night at 3:00 UTC.

    Args:
        name: the name of the vault, the plan and the selection.
        role_name: the role's name.
        region: the AWS region.
        volume_arn: the EBS volume.
        retention_days: for how many days a snapshot is kept.
        force_destroy: whether Terraform may delete the vault with the snapshots in it.
        kms_key_arn: the KMS key of the vault, or None for ``aws/backup``. Snapshots of a volume have the volume's key:
            https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        role_name: str,
        region: str,
        volume_arn: str,
        retention_days: int,
        force_destroy: bool,
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        vault = BackupVault(self, "vault", name=name, force_destroy=force_destroy, kms_key_arn=kms_key_arn)
        accept_findings(vault, {"CKV_AWS_166": AWS_KEY_SUFFICES})
        plan = BackupPlan(
            self,
            "plan",
            name=name,
            rule=[
                BackupPlanRule(
                    rule_name="daily",
                    target_vault_name=vault.name,
                    schedule=DAILY_AT_3_UTC,
                    lifecycle=BackupPlanRuleLifecycle(delete_after=retention_days),
                )
            ],
        )
        role = IamRole(self, "role", name=role_name, assume_role_policy=trust_document("backup.amazonaws.com"))
        IamRolePolicy(
            self,
            "policy",
            name="snapshots",
            role=role.name,
            policy=policy_document(
                *_snapshots(volume_arn, region=region),
                Allow(actions=["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"], resources=[vault.arn]),
                *(_encryption(kms_key_arn, region=region) if kms_key_arn else []),
            ),
        )
        BackupSelection(self, "selection", name=name, plan_id=plan.id, iam_role_arn=role.arn, resources=[volume_arn])


def _snapshots(volume_arn: str, *, region: str) -> list[Allow]:
    """What makes, tags and deletes snapshots of the volume.

    These are the statements that AWS Backup's documentation names for EBS, without those for copies to other Regions
    and for archives: https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
    """
    # A snapshot's ARN has no account.
    snapshots = f"arn:{partition_of(region)}:ec2:{region}::snapshot/*"
    return [
        Allow(actions=["ec2:CreateSnapshot"], resources=[volume_arn, snapshots]),
        Allow(actions=["ec2:CreateTags"], resources=[snapshots]),
        Allow(
            actions=["ec2:DeleteSnapshot"],
            resources=[snapshots],
            # The tag of AWS Backup's own snapshots.
            conditions={"Null": {"aws:ResourceTag/aws:backup:source-resource": "false"}},
        ),
        # They have no resource to name.
        Allow(
            actions=["ec2:DescribeSnapshots", "ec2:DescribeTags", "ec2:DescribeVolumes", "tag:GetResources"],
            resources=["*"],
        ),
    ]


def _encryption(kms_key_arn: str, *, region: str) -> list[Allow]:
    """What AWS Backup's own policy has for encrypted volumes, with one key instead of all.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
    """
    return [
        Allow(actions=["kms:DescribeKey"], resources=[kms_key_arn]),
        Allow(
            actions=["kms:CreateGrant"],
            resources=[kms_key_arn],
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        Allow(
            actions=["kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
            resources=[kms_key_arn],
            conditions=only_through("ec2", region=region),
        ),
    ]
