"""Daily snapshots of a volume."""

from cdktf_cdktf_provider_aws.backup_plan import BackupPlan, BackupPlanRule, BackupPlanRuleLifecycle
from cdktf_cdktf_provider_aws.backup_selection import BackupSelection
from cdktf_cdktf_provider_aws.backup_vault import BackupVault
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings
from modules.policy_document import aws_managed_policy_arn, trust_document

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
        IamRolePolicyAttachment(
            self,
            "policy",
            role=role.name,
            policy_arn=aws_managed_policy_arn("service-role/AWSBackupServiceRolePolicyForBackup", region=region),
        )
        BackupSelection(self, "selection", name=name, plan_id=plan.id, iam_role_arn=role.arn, resources=[volume_arn])
