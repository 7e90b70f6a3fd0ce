"""A private S3 bucket."""

from collections.abc import Mapping
from typing import Any

from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
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
from constructs import Construct

from modules.policy_document import deny_plain_http, document


class PrivateBucket(Construct):
    """A private bucket, encrypted with S3's own keys, that refuses requests without TLS.

    What the objects are, and when they expire, is for the subclass.

    Args:
        name_prefix: what the bucket's name starts with; AWS adds the rest.
        force_destroy: whether Terraform may delete the bucket with its content.
        object_ownership: who owns the objects, and whether ACLs work: by default, the bucket's owner, and they don't.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name_prefix: str,
        force_destroy: bool,
        object_ownership: str = "BucketOwnerEnforced",
    ) -> None:
        super().__init__(scope, id_)
        # A prefix, because bucket names are global: another account may already have a fixed one.
        self.bucket = S3Bucket(self, "bucket", bucket_prefix=name_prefix, force_destroy=force_destroy)
        self.name = self.bucket.bucket
        self.arn = self.bucket.arn
        self._public_access_block = S3BucketPublicAccessBlock(
            self,
            "public-access-block",
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        self.ownership = S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=self.bucket.id,
            rule=S3BucketOwnershipControlsRule(object_ownership=object_ownership),
        )
        S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=self.bucket.id,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=(
                        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm="AES256"
                        )
                    )
                )
            ],
        )

    def add_policy(self, *statements: Mapping[str, Any]) -> S3BucketPolicy:
        """Adds the bucket's policy: it refuses requests without TLS, and has these statements in IAM's own form."""
        return S3BucketPolicy(
            self,
            "policy",
            bucket=self.bucket.id,
            policy=document(deny_plain_http(self.bucket.arn), *statements),
            # S3 refuses two changes of a bucket's access at the same time.
            depends_on=[self._public_access_block],
        )
