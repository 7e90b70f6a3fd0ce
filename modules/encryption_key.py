"""The customer-managed KMS key of an environment, with its key policy."""

from collections.abc import Sequence
from typing import Any

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from modules.policy_document import document, only_through
from settings.partition import partition_of

DELETION_WINDOW_DAYS = 30
"""The longest that KMS allows."""
# ElastiCache calls KMS under two names: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
SERVICES = ("backup", "dax", "ec2", "elasticache", "logs", "rds", "s3", "secretsmanager", "sns")
"""The services that use the key for whoever calls them, as ``kms:ViaService`` names them. ``ec2`` stands for EBS."""
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""What manages a key without using it. ``kms:CreateGrant`` is not here, since a grant lets others use the key."""
USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")


class EncryptionKey(Construct):
    """A symmetric KMS key for all that an environment stores, rotated yearly, with an alias.

    Its policy lets nobody use the key by itself. It leaves it to the account's IAM who may administer the key, and who
    may use it, only through the services that store the environment's data. CloudWatch Logs and CloudWatch use it by
    themselves: for the environment's log groups, and for encrypted topics.

    With ``deletion_protection``, Terraform refuses to destroy the key, and its policy lets nobody schedule its
    deletion, also when the key is no longer in the configuration. Without it, a destroy schedules the deletion: KMS
    deletes the key 30 days later, and nobody can read what it encrypts any more, backups and snapshots included. Until
    then, ``aws kms cancel-key-deletion`` keeps it. The alias is free at once.

    Args:
        name: the environment's prefix, which is the alias's name.
        region: the AWS region.
        log_groups: the names of the log groups that CloudWatch Logs may encrypt; ``*`` stands for anything.
        deletion_protection: whether nobody may schedule the key's deletion.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        log_groups: Sequence[str],
        deletion_protection: bool,
    ) -> None:
        super().__init__(scope, id_)
        account_id = DataAwsCallerIdentity(self, "account").account_id
        key = KmsKey(
            self,
            "key",
            description=f"Encrypts what {name} stores",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            policy=document(
                administration(account_id, region=region, deletion_protection=deletion_protection),
                *use(account_id, region=region, log_groups=log_groups),
            ),
            lifecycle=TerraformResourceLifecycle(prevent_destroy=deletion_protection),
        )
        KmsAlias(self, "alias", name=f"alias/{name}", target_key_id=key.key_id)
        self.arn = key.arn


def administration(account_id: str, *, region: str, deletion_protection: bool) -> dict[str, Any]:
    """The statement that lets the account administer the key, by its IAM policies.

    Without it, nobody could change the policy any more:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    deletion = () if deletion_protection else ("kms:ScheduleKeyDeletion",)
    return _statement("Administration", _account(account_id, region), [*ADMINISTRATION, *deletion])


def use(account_id: str, *, region: str, log_groups: Sequence[str]) -> list[dict[str, Any]]:
    """The statements that the environment's resources need in a key's policy, wherever the key is from."""
    through_services = only_through(*SERVICES, region=region)
    account = _account(account_id, region)
    arns = [f"arn:{partition_of(region)}:logs:{region}:{account_id}:log-group:{name}" for name in log_groups]
    return [
        # AWS Backup retires a grant for whoever makes a vault:
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html
        _statement("UseThroughServices", account, [*USE, "kms:RetireGrant"], through_services),
        # RDS, ElastiCache and EBS keep a grant, since they use the key when nobody calls them.
        _statement(
            "GrantsToServices",
            account,
            ["kms:CreateGrant"],
            {**through_services, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        _statement(
            "CloudWatchLogs",
            {"Service": _logs_service(region)},
            USE,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns}},
        ),
        # Alarms publish to the encrypted topic: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        _statement(
            "CloudWatchAlarms",
            {"Service": "cloudwatch.amazonaws.com"},
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            {"StringEquals": {"aws:SourceAccount": account_id}},
        ),
    ]


def _statement(
    sid: str, principal: dict[str, str], actions: Sequence[str], conditions: dict[str, Any] | None = None
) -> dict[str, Any]:
    # In a key policy, the resource is always the key itself.
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*"}
    return {**statement, "Condition": conditions} if conditions else statement


def _account(account_id: str, region: str) -> dict[str, str]:
    """The account: each of its users and roles that an IAM policy allows it too."""
    return {"AWS": f"arn:{partition_of(region)}:iam::{account_id}:root"}


def _logs_service(region: str) -> str:
    """CloudWatch Logs as a principal, one of the few that have the partition's suffix in China.

    https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/names/names.go
    """
    suffix = ".cn" if partition_of(region) == "aws-cn" else ""
    return f"logs.{region}.amazonaws.com{suffix}"
