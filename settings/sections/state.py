"""Where Terraform keeps the states."""

from settings.arns import KmsKeyArn
from settings.aws_names import (
    BucketName,
)
from settings.section import Section


class State(Section):
    """The S3 backend of Terraform, which stores the state of every stack."""

    bucket: BucketName
    """Name of the bucket. It must exist in ``region`` before the first deploy: ``ops bootstrap --apply`` creates it.
    Bucket names are unique across all AWS accounts, so there is no default."""
    kms_key_id: KmsKeyArn | None = None
    """KMS key that encrypts the state, in the same Region, and in an account of ``allowed_account_ids`` if that is set.
    By default, it is the key that ``encryption.kms`` names by its ARN, or otherwise one that S3 manages (SSE-S3)."""
