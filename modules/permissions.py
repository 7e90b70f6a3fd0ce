"""Statements that a role has for itself, and the permissions boundary for all roles together."""

from collections.abc import Sequence

from modules.langfuse import PREFIXES
from modules.policy_document import Allow, only_through


def objects(bucket_arn: str) -> list[Allow]:
    """Reads, writes, deletes and lists the objects with Langfuse's prefixes."""
    return [
        Allow(
            actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            resources=[f"{bucket_arn}/{prefix}*" for prefix in PREFIXES],
        ),
        Allow(
            actions=["s3:ListBucket"],
            resources=[bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in PREFIXES]}},
        ),
    ]


def object_encryption(key_arns: Sequence[str], *, region: str) -> Allow:
    """Encrypts and decrypts objects: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html."""
    return Allow(
        actions=["kms:GenerateDataKey", "kms:Decrypt"], resources=key_arns, conditions=only_through("s3", region=region)
    )


def metrics(*namespaces: str) -> Allow:
    """Publishes metrics of these namespaces. CloudWatch has no resource to name."""
    return Allow(
        actions=["cloudwatch:PutMetricData"],
        resources=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": namespaces}},
    )


def pulls(repository_arns: Sequence[str]) -> list[Allow]:
    """Pulls images, and pulls one through a cache for the first time, for which ECR may make the repository.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ECR_on_ECS.html,
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
    """
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    cache = ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]
    return [
        # It has no resource to name.
        Allow(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        Allow(actions=[*pull, *cache], resources=repository_arns),
    ]


def mails(address: str, identity_arns: Sequence[str]) -> Allow:
    """Sends mails from the address.

    SES's API version 2 has one operation, SendEmail. For a message in MIME form, which nodemailer sends, AWS asks for
    ses:SendRawEmail instead: nodemailer/nodemailer#1734, anymail/django-anymail#384. AWS's own grants have both.
    """
    return Allow(
        actions=["ses:SendEmail", "ses:SendRawEmail"],
        resources=identity_arns,
        conditions={"StringEquals": {"ses:FromAddress": address}},
    )
