"""Lets browsers upload media straight to the bucket."""

from cdktf_cdktf_provider_aws.s3_bucket_cors_configuration import (
    S3BucketCorsConfiguration,
    S3BucketCorsConfigurationCorsRule,
)
from constructs import Construct


class MediaUploads(Construct):
    """Allows the page at ``origin`` to use the presigned URLs that Langfuse hands it (langfuse/langfuse#14299).

    Stands with the services, not with the bucket, because the origin is only known there.
    """

    def __init__(self, scope: Construct, id_: str, *, bucket_name: str, origin: str) -> None:
        super().__init__(scope, id_)
        S3BucketCorsConfiguration(
            self,
            "cors",
            bucket=bucket_name,
            cors_rule=[
                S3BucketCorsConfigurationCorsRule(
                    allowed_origins=[origin],
                    allowed_methods=["GET", "HEAD", "PUT"],
                    allowed_headers=["content-type", "x-amz-checksum-sha256"],
                    max_age_seconds=3600,
                )
            ],
        )
