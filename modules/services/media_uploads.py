"""Uploads of media from browsers to the bucket."""

from cdktf_cdktf_provider_aws.s3_bucket_cors_configuration import (
    S3BucketCorsConfiguration,
    S3BucketCorsConfigurationCorsRule,
)
from constructs import Construct


class MediaUploads(Construct):
    """The bucket's CORS rules for the presigned URLs that Langfuse gives to browsers (langfuse/langfuse#14299).

    They are part of the services stack, because only that one knows the origin.

    Args:
        bucket_name: the bucket.
        origin: the origin of the address that users' browsers show, without a path.
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
