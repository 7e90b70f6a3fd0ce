"""The S3 bucket for the access logs of the load balancer and of CloudFront."""

from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
)
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.private_bucket import PrivateBucket
from settings.partition import partition_of

LOG_DELIVERY_SERVICE = "logdelivery.elasticloadbalancing.amazonaws.com"
"""What writes the logs of load balancers in the partition ``aws``.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html#attach-bucket-policy
"""
LOG_DELIVERY_ACCOUNTS = {
    "cn-north-1": "638102146993",
    "cn-northwest-1": "037604701340",
    "us-gov-east-1": "190560391635",
    "us-gov-west-1": "048591011584",
}
"""The accounts of Elastic Load Balancing that write them elsewhere. Not every Region there accepts the service.

https://docs.amazonaws.cn/en_us/elasticloadbalancing/latest/application/enable-access-logging.html#attach-bucket-policy,
https://github.com/terraform-aws-modules/terraform-aws-s3-bucket/issues/265
"""


class AccessLogsBucket(PrivateBucket):
    """A private bucket that load balancers of this account, and CloudFront where it is used, write logs to.

    It is encrypted with S3's own keys, since a load balancer can't write to a bucket with a KMS key:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html#access-log-create-bucket

    Whoever makes a load balancer log to it depends on ``policy``: Elastic Load Balancing tries to write at once. A
    distribution depends on ``ownership``, since CloudFront adds itself to the bucket's ACL.

    Args:
        name_prefix: what the bucket's name starts with; AWS adds the rest.
        region: the AWS Region.
        retention_days: after how many days the logs are deleted.
        cloudfront: whether CloudFront writes to it too, which needs ACLs:
            https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
        force_destroy: whether Terraform may delete the bucket with its content.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name_prefix: str,
        region: str,
        retention_days: int,
        cloudfront: bool,
        force_destroy: bool,
    ) -> None:
        super().__init__(
            scope,
            id_,
            name_prefix=name_prefix,
            force_destroy=force_destroy,
            object_ownership="BucketOwnerPreferred" if cloudfront else "BucketOwnerEnforced",
        )
        accept_findings(
            self.bucket,
            {
                "CKV_AWS_18": "It is the bucket of the logs; their own log would log itself",
                "CKV_AWS_21": "AWS writes each log once; nobody overwrites it",
                "CKV_AWS_144": "The logs expire soon; where else they may lie is for their owner to decide",
                "CKV_AWS_145": "A load balancer can't write to a bucket with a KMS key",
                "CKV2_AWS_62": "Nothing waits for new logs",
            },
        )
        if cloudfront:
            accept_findings(self.ownership, {"CKV2_AWS_65": "CloudFront's standard logs (legacy) need ACLs"})
        # Elastic Load Balancing writes below the account of the load balancer.
        account = DataAwsCallerIdentity(self, "account").account_id
        self.load_balancer_prefix, self.cloudfront_prefix = "load-balancer", "cloudfront/"
        self.policy = self.add_policy(
            {
                "Sid": "LoadBalancerLogs",
                "Effect": "Allow",
                "Principal": _log_delivery(region),
                "Action": "s3:PutObject",
                "Resource": f"{self.arn}/{self.load_balancer_prefix}/AWSLogs/{account}/*",
            }
        )
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=self.bucket.id,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="logs",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=retention_days)],
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=1)
                    ],
                )
            ],
        )


def _log_delivery(region: str) -> dict[str, str]:
    """The principal that writes the logs of load balancers in ``region``."""
    if account := LOG_DELIVERY_ACCOUNTS.get(region):
        return {"AWS": f"arn:{partition_of(region)}:iam::{account}:root"}
    return {"Service": LOG_DELIVERY_SERVICE}
