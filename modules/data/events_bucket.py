"""The S3 bucket for Langfuse's raw events, media and exports."""

from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings
from modules.langfuse import EVENTS_PREFIX, EXPORTS_PREFIX
from modules.private_bucket import PrivateBucket
from settings.sections.storage import Storage


class EventsBucket(PrivateBucket):
    """A private, versioned, encrypted bucket that refuses requests without TLS.

    Events and exports expire. Media never do, since traces show them for ever. A deleted or overwritten object can be
    restored for a few days.

    Args:
        name_prefix: what the bucket's name starts with; AWS adds the rest.
        settings: after how many days objects expire.
        force_destroy: whether Terraform may delete the bucket with its content.
    """

    def __init__(self, scope: Construct, id_: str, *, name_prefix: str, settings: Storage, force_destroy: bool) -> None:
        super().__init__(scope, id_, name_prefix=name_prefix, force_destroy=force_destroy)
        accept_findings(
            self.bucket,
            {
                "CKV_AWS_18": "A log of each request would outgrow the events; CloudTrail logs them where asked to",
                "CKV_AWS_144": "Versions keep what is deleted; where else data may lie is for its owner to decide",
                "CKV_AWS_145": AWS_KEY_SUFFICES,
                "CKV2_AWS_62": "Nothing waits for new objects: Langfuse queues its events in Redis",
            },
        )
        versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=self.bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        self.add_policy()
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=self.bucket.id,
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
