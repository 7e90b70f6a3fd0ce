"""The S3 bucket for Langfuse's raw events, media and exports."""

from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings
from modules.langfuse import EVENTS_PREFIX, EXPORTS_PREFIX
from modules.policy_document import deny_plain_http, document
from settings.sections.storage import Storage


class EventsBucket(Construct):
    """A private, versioned, encrypted bucket that refuses requests without TLS.

    Events and exports expire. Media never do, since traces show them for ever. A deleted or overwritten object can be
    restored for a few days.

    Args:
        name_prefix: what the bucket's name starts with; AWS adds the rest.
        settings: after how many days objects expire.
        force_destroy: whether Terraform may delete the bucket with its content.
        kms_key_arn: the KMS key that encrypts its objects, with a bucket key, or None for a key that S3 manages.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name_prefix: str,
        settings: Storage,
        force_destroy: bool,
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        # A prefix, because bucket names are global: another account may already have a fixed one.
        bucket = S3Bucket(self, "bucket", bucket_prefix=name_prefix, force_destroy=force_destroy)
        accept_findings(
            bucket,
            {
                "CKV_AWS_18": "A log of each request would outgrow the events; CloudTrail logs them where asked to",
                "CKV_AWS_144": "Versions keep what is deleted; where else data may lie is for its owner to decide",
                "CKV_AWS_145": AWS_KEY_SUFFICES,
                "CKV2_AWS_62": "Nothing waits for new objects: Langfuse queues its events in Redis",
            },
        )
        self.name = bucket.bucket
        self.arn = bucket.arn
        public_access_block = S3BucketPublicAccessBlock(
            self,
            "public-access-block",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=bucket.id,
            rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )
        S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=bucket.id,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=(
                        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm="aws:kms" if kms_key_arn else "AES256", kms_master_key_id=kms_key_arn
                        )
                    ),
                    # S3 then asks KMS once for many objects, not for each one.
                    bucket_key_enabled=True if kms_key_arn else None,
                )
            ],
        )
        versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        S3BucketPolicy(
            self,
            "policy",
            bucket=bucket.id,
            policy=document(deny_plain_http(bucket.arn)),
            # S3 refuses two changes of a bucket's access at the same time.
            depends_on=[public_access_block],
        )
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=bucket.id,
            rule=[
                _expire(EVENTS_PREFIX, settings.events_expiration_days),
                _expire(EXPORTS_PREFIX, settings.exports_expiration_days),
                S3BucketLifecycleConfigurationRule(
                    id="deleted-objects",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    noncurrent_version_expiration=[
                        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                            noncurrent_days=settings.deleted_retention_days
                        )
                    ],
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=1)
                    ],
                ),
            ],
            depends_on=[versioning],
        )


def _expire(prefix: str, days: int) -> S3BucketLifecycleConfigurationRule:
    return S3BucketLifecycleConfigurationRule(
        id=prefix.rstrip("/"),
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix=prefix)],
        expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=days)],
    )
