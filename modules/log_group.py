"""A CloudWatch log group as every construct of this project makes it."""

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings


def log_group(
    scope: Construct, id_: str, *, name: str, retention_days: int, kms_key_arn: str | None
) -> CloudwatchLogGroup:
    """Makes a log group whose events CloudWatch deletes after ``retention_days``.

    ``kms_key_arn`` is the KMS key that encrypts them, or None for CloudWatch's own. CloudWatch Logs refuses a key whose
    policy does not allow this group's name: modules/encryption_key.py.
    """
    group = CloudwatchLogGroup(scope, id_, name=name, retention_in_days=retention_days, kms_key_id=kms_key_arn)
    accept_findings(
        group,
        {
            "CKV_AWS_158": AWS_KEY_SUFFICES,
            "CKV_AWS_338": "How long is the environment's choice: log_retention_days",
        },
    )
    return group
