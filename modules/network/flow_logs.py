"""The VPC's flow logs."""

from cdktf_cdktf_provider_aws.flow_log import FlowLog
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules.log_group import log_group
from modules.policy_document import Allow, policy_document, trust_document


class FlowLogs(Construct):
    """Logs a VPC's rejected connections to CloudWatch Logs, which keeps them for ``retention_days``.

    Accepted connections are not logged: their number would cost more than the records are worth.

    Args:
        name: the name of the log group and of the flow log.
        role_name: the role's name.
        vpc_id: the VPC.
        retention_days: for how many days CloudWatch Logs keeps them.
        kms_key_arn: the KMS key that encrypts them, or None for CloudWatch's own.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        role_name: str,
        vpc_id: str,
        retention_days: int,
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        group = log_group(self, "log-group", name=name, retention_days=retention_days, kms_key_arn=kms_key_arn)
        role = IamRole(self, "role", name=role_name, assume_role_policy=trust_document("vpc-flow-logs.amazonaws.com"))
        # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html, without CreateLogGroup
        IamRolePolicy(
            self,
            "policy",
            name="write-logs",
            role=role.name,
            policy=policy_document(
                Allow(
                    actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                    resources=[f"{group.arn}:*"],
                ),
            ),
        )
        FlowLog(
            self,
            "flow-log",
            vpc_id=vpc_id,
            traffic_type="REJECT",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags={"Name": name},
        )
