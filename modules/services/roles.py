"""The IAM roles of the tasks: the one that ECS starts them with, and the one of the code in them."""

from collections.abc import Sequence
from typing import NamedTuple

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules.langfuse import PREFIXES
from modules.policy_document import Allow, decryption, only_through, policy_document, trust_document
from settings.metrics import METRIC_NAMESPACE

TRUST = trust_document("ecs-tasks.amazonaws.com")


class MailSender(NamedTuple):
    """Who sends mails with Amazon SES: an address, by the SES identities of it and of its domain."""

    address: str
    identity_arns: Sequence[str]


class ExecutionRole(Construct):
    """The task execution role: it can read the task's secrets, write to its log group, and pull a private image of ECR.

    A service must depend on ``policy``: its first tasks fail without.

    Args:
        name: the role's name.
        secret_arns: the secrets.
        kms_key_arns: the KMS keys of secrets that are not encrypted with Secrets Manager's default key.
        log_group_arn: the log group.
        ecr_repository_arn: the repository of the image, if it is a private one of Amazon ECR.
        region: the AWS region.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        secret_arns: Sequence[str],
        kms_key_arns: Sequence[str],
        log_group_arn: str,
        ecr_repository_arn: str | None,
        region: str,
    ) -> None:
        super().__init__(scope, id_)
        role = IamRole(self, "role", name=name, assume_role_policy=TRUST)
        self.arn = role.arn
        self.policy = IamRolePolicy(
            self,
            "policy",
            name="start-tasks",
            role=role.name,
            policy=policy_document(
                Allow(
                    actions=["secretsmanager:GetSecretValue"],
                    # In a task definition, a key of the secret may follow the ARN, after its seventh part; not in IAM.
                    resources=list(dict.fromkeys(":".join(arn.split(":")[:7]) for arn in secret_arns)),
                ),
                Allow(
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[f"{log_group_arn}:*"],
                ),
                *([decryption(kms_key_arns, region=region)] if kms_key_arns else []),
                *(_pulls(ecr_repository_arn) if ecr_repository_arn else []),
            ),
        )


def _pulls(repository_arn: str) -> list[Allow]:
    """What a pull needs, and the first pull of an image through a cache, for which ECR may make the repository.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html,
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
    """
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    cache = ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]
    return [
        # It has no resource to name.
        Allow(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        Allow(actions=[*pull, *cache], resources=[repository_arn]),
    ]


class TaskRole(Construct):
    """The task role: Langfuse can use its prefixes of the bucket, and do what further policies allow.

    A service must depend on ``policies``.

    Args:
        name: the role's name.
        bucket_arn: the bucket.
        bucket_key_arns: the KMS keys of the bucket's objects: the bucket's own, and those that Langfuse names.
        publishes_metrics: whether Langfuse can also publish its metrics.
        policy_arns: managed policies to attach.
        mail_sender: whom Langfuse can send mails as, if any.
        region: the AWS region.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        bucket_arn: str,
        bucket_key_arns: Sequence[str],
        publishes_metrics: bool,
        policy_arns: Sequence[str],
        mail_sender: MailSender | None,
        region: str,
    ) -> None:
        super().__init__(scope, id_)
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
        encryption = Allow(
            actions=["kms:GenerateDataKey", "kms:Decrypt"],
            resources=bucket_key_arns,
            conditions=only_through("s3", region=region),
        )
        metrics = Allow(
            actions=["cloudwatch:PutMetricData"],
            # CloudWatch has no resource to name, only the namespace.
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": METRIC_NAMESPACE}},
        )
        role = IamRole(self, "role", name=name, assume_role_policy=TRUST)
        self.arn = role.arn
        policy = IamRolePolicy(
            self,
            "policy",
            name="langfuse",
            role=role.name,
            policy=policy_document(
                Allow(
                    actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                    resources=[f"{bucket_arn}/{prefix}*" for prefix in PREFIXES],
                ),
                Allow(
                    actions=["s3:ListBucket"],
                    resources=[bucket_arn],
                    conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in PREFIXES]}},
                ),
                *([metrics] if publishes_metrics else []),
                *([encryption] if bucket_key_arns else []),
                *([_sending(mail_sender)] if mail_sender else []),
            ),
        )
        # The ARN is the id, so that another order of the list changes nothing.
        attached = [IamRolePolicyAttachment(self, arn, role=role.name, policy_arn=arn) for arn in policy_arns]
        self.policies = [policy, *attached]


def _sending(sender: MailSender) -> Allow:
    """The right to send mails.

    SES's API version 2 has one operation, SendEmail. For a message in MIME form, which nodemailer sends, AWS asks for
    ses:SendRawEmail instead: nodemailer/nodemailer#1734, anymail/django-anymail#384. AWS's own grants have both.
    """
    return Allow(
        actions=["ses:SendEmail", "ses:SendRawEmail"],
        resources=sender.identity_arns,
        conditions={"StringEquals": {"ses:FromAddress": sender.address}},
    )
