"""The IAM roles of the tasks: the one that ECS starts them with, and the one of the code in them."""

from collections.abc import Sequence
from typing import NamedTuple

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules import permissions
from modules.policy_document import Allow, decryption, policy_document, trust_document
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
                *(permissions.pulls([ecr_repository_arn]) if ecr_repository_arn else []),
            ),
        )


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
        role = IamRole(self, "role", name=name, assume_role_policy=TRUST)
        self.arn = role.arn
        policy = IamRolePolicy(
            self,
            "policy",
            name="langfuse",
            role=role.name,
            policy=policy_document(
                *permissions.objects(bucket_arn),
                *([permissions.metrics(METRIC_NAMESPACE)] if publishes_metrics else []),
                *([permissions.object_encryption(bucket_key_arns, region=region)] if bucket_key_arns else []),
                *([permissions.mails(*mail_sender)] if mail_sender else []),
            ),
        )
        # The ARN is the id, so that another order of the list changes nothing.
        attached = [IamRolePolicyAttachment(self, arn, role=role.name, policy_arn=arn) for arn in policy_arns]
        self.policies = [policy, *attached]
