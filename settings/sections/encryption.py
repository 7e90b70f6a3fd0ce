"""The key that encrypts what is stored."""

from settings.arns import EncryptionKey
from settings.section import Section


class Encryption(Section):
    """The KMS key that encrypts what is stored: [Encryption](encryption.md)."""

    kms: EncryptionKey = "aws"
    """Which key encrypts the databases, the bucket, the secrets, the volumes, the logs and the alarms: ``aws`` (AWS's
    own keys, the default), ``own`` (a customer-managed KMS key that the network stack makes, rotated yearly), or the
    ARN of a KMS key that exists, in the same Region, and in an account of ``allowed_account_ids`` if that is set. Its
    key policy must then [allow what the services need](encryption.md#a-key-from-elsewhere), and it encrypts the state
    too, unless ``state.kms_key_id`` is set. Set it before the first deploy: PostgreSQL, Redis and ClickHouse's volume
    can't change their key."""

    @property
    def key_arn(self) -> str | None:
        """The ARN of the key, if it is one that exists already."""
        return None if self.kms in ("aws", "own") else self.kms
