"""The permissions boundary of the roles that the other stacks make: what these may do at most.

The deploy role makes roles and writes their policies. With this boundary on each of them, it can't make one that may do
more than these roles need, in this environment: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

import json
from collections.abc import Sequence

from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from constructs import Construct

from modules import permissions
from modules.data.clickhouse.instance import SESSION_MANAGER
from modules.policy_document import VERSION, Allow, decryption, only_through
from settings.clickhouse_metrics import METRIC_NAMESPACE as CLICKHOUSE_NAMESPACE
from settings.metrics import METRIC_NAMESPACE
from settings.partition import partition_of

BUCKET_SUFFIX = "?" * 26
"""The digits that the provider ends a bucket's name with: ``events-`` would also begin that of another environment."""


class Boundary(Construct):
    """The managed policy. Another setting that names a secret, a key, a registry or a sender changes it.

    What ClickHouse's instance and its backups may do is in it in every mode: the backups' role outlives the instance.

    Args:
        name: its name.
        prefix: what the names of the bucket, the secrets and the backup vault start with.
        environment: the value of the tag ``Environment``.
        log_groups: the names of the log groups; ``*`` stands for anything.
        region: the AWS region.
        account_id: the account.
        key_arn: the KMS key of all that is stored, ``*`` in place of its id if it is not known; None for AWS's own.
        secret_arns: the secrets beside the environment's own ones.
        secret_key_arns: the KMS keys of those secrets, where they are not Secrets Manager's default key.
        bucket_key_arns: the KMS keys of objects that Langfuse names.
        ecr_repository_arns: the repositories of the images, if they are private ones of Amazon ECR.
        mail_address: the address that mails come from with Amazon SES, if any.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        prefix: str,
        environment: str,
        log_groups: Sequence[str],
        region: str,
        account_id: str,
        key_arn: str | None,
        secret_arns: Sequence[str],
        secret_key_arns: Sequence[str],
        bucket_key_arns: Sequence[str],
        ecr_repository_arns: Sequence[str],
        mail_address: str | None,
    ) -> None:
        super().__init__(scope, id_)
        self._partition, self._region, self._account_id = partition_of(region), region, account_id
        own_keys = [key_arn] if key_arn else []
        secret_keys = list(dict.fromkeys([*own_keys, *secret_key_arns]))
        bucket_keys = list(dict.fromkeys([*own_keys, *bucket_key_arns]))
        statements = [
            *self._tasks(prefix, log_groups, secret_arns),
            *([decryption(secret_keys, region=region)] if secret_keys else []),
            *([permissions.object_encryption(bucket_keys, region=region)] if bucket_keys else []),
            *(permissions.pulls(ecr_repository_arns) if ecr_repository_arns else []),
            *([self._mails(mail_address)] if mail_address else []),
            Allow(actions=SESSION_MANAGER, resources=["*"]),
            *self._backups(prefix, environment),
        ]
        IamPolicy(
            self,
            "policy",
            name=name,
            description=f"What the roles of {prefix} may do at most",
            # Without white space, as IAM counts its characters.
            policy=json.dumps(
                {"Version": VERSION, "Statement": [statement.statement() for statement in statements]},
                separators=(",", ":"),
            ),
        )

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self._partition}:{service}:{self._region}:{self._account_id}:{resource}"

    def _tasks(self, prefix: str, log_groups: Sequence[str], secret_arns: Sequence[str]) -> list[Allow]:
        bucket = f"arn:{self._partition}:s3:::{prefix}-events-{BUCKET_SUFFIX}"
        return [
            Allow(
                actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                resources=[self._arn("logs", f"log-group:{group}:*") for group in log_groups],
            ),
            Allow(
                actions=["secretsmanager:GetSecretValue"],
                resources=[self._arn("secretsmanager", f"secret:{prefix}/*"), *secret_arns],
            ),
            *permissions.objects(bucket),
            permissions.metrics(METRIC_NAMESPACE, CLICKHOUSE_NAMESPACE),
        ]

    def _mails(self, address: str) -> Allow:
        domain = address.rpartition("@")[2]
        return permissions.mails(address, [self._arn("ses", f"identity/{name}") for name in (domain, address)])

    def _backups(self, prefix: str, environment: str) -> list[Allow]:
        """What AWS Backup needs of the service role's policy to make, tag and delete snapshots of a volume.

        https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
        """
        snapshots = f"arn:{self._partition}:ec2:{self._region}::snapshot/*"
        keys = [self._arn("kms", "key/*")]
        return [
            Allow(
                actions=["ec2:CreateSnapshot"],
                resources=[snapshots, self._arn("ec2", "volume/*")],
                # A snapshot that is being made has no tags.
                conditions={"StringEqualsIfExists": {"aws:ResourceTag/Environment": environment}},
            ),
            Allow(
                actions=["ec2:DeleteSnapshot"],
                resources=[snapshots],
                # The tag of AWS Backup's own ones.
                conditions={"Null": {"aws:ResourceTag/aws:backup:source-resource": "false"}},
            ),
            Allow(actions=["ec2:CreateTags"], resources=[snapshots]),
            Allow(
                # A key's description is no secret, and a statement of its own too long.
                actions=[
                    "ec2:DescribeSnapshots",
                    "ec2:DescribeTags",
                    "ec2:DescribeVolumes",
                    "kms:DescribeKey",
                    "tag:GetResources",
                ],
                resources=["*"],
            ),
            Allow(
                actions=["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
                resources=[self._arn("backup", f"backup-vault:{prefix}-clickhouse-backups")],
            ),
            Allow(
                actions=["kms:CreateGrant"],
                resources=keys,
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
            Allow(
                actions=["kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
                resources=keys,
                conditions=only_through("ec2", region=self._region),
            ),
        ]
