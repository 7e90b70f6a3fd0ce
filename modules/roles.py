"""The IAM roles of the tasks: one that ECS starts them with, one that the code in them has."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules.langfuse_environment import PREFIXES
from modules.policy_document import Allow, policy_document, trust_document
from settings.metrics import METRIC_NAMESPACE

TRUST = trust_document("ecs-tasks.amazonaws.com")


class ExecutionRole(Construct):
    """What ECS needs to start a task: these secrets and this log group. The images are public.

    ``ready`` must be in place before a service starts: without the policy, its first tasks fail.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        secret_arns: Sequence[str],
        log_group_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        role = IamRole(self, "role", name=name, assume_role_policy=TRUST)
        self.arn = role.arn
        self.ready = IamRolePolicy(
            self,
            "policy",
            name="start-tasks",
            role=role.name,
            policy=policy_document(
                Allow(
                    actions=["secretsmanager:GetSecretValue"],
                    # After its seventh part, a task definition's ARN may name a key of the secret; IAM's does not.
                    resources=list(dict.fromkeys(":".join(arn.split(":")[:7]) for arn in secret_arns)),
                ),
                Allow(
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[f"{log_group_arn}:*"],
                ),
            ),
        )


class TaskRole(Construct):
    """What Langfuse may do: use its prefixes of the bucket and publish its metrics."""

    def __init__(self, scope: Construct, id_: str, *, name: str, bucket_arn: str) -> None:
        super().__init__(scope, id_)
        role = IamRole(self, "role", name=name, assume_role_policy=TRUST)
        self.arn = role.arn
        self.ready = IamRolePolicy(
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
                # CloudWatch has no resources to name; the namespace is the limit.
                Allow(
                    actions=["cloudwatch:PutMetricData"],
                    resources=["*"],
                    conditions={"StringEquals": {"cloudwatch:namespace": METRIC_NAMESPACE}},
                ),
            ),
        )
