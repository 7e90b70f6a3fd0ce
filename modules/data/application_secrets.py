"""The generated secrets that Langfuse itself needs."""

from constructs import Construct

from modules.secret import Secret, random_hex_digits, random_letters_and_digits
from settings.sections.secrets import Secrets


class ApplicationSecrets(Construct):
    """The secrets for NEXTAUTH_SECRET, SALT and ENCRYPTION_KEY.

    Only the first can rotate: API keys are hashed with SALT, and stored credentials encrypted with ENCRYPTION_KEY,
    which must be 64 hex digits (langfuse/langfuse#9070).

    Args:
        name: what the secrets' names start with.
        settings: the version of NEXTAUTH_SECRET, and how long a deleted secret can be restored.
        kms_key_arn: the KMS key that encrypts them, or None for ``aws/secretsmanager``.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, settings: Secrets, kms_key_arn: str | None) -> None:
        super().__init__(scope, id_)
        days = settings.recovery_window_days
        self.nextauth_secret = Secret(
            self,
            "nextauth-secret",
            name=f"{name}/nextauth-secret",
            description="Signs the sessions of Langfuse's users",
            value=random_letters_and_digits(self, "nextauth-value", length=64),
            version=settings.nextauth_secret_version,
            recovery_window_days=days,
            kms_key_arn=kms_key_arn,
        )
        self.salt = Secret(
            self,
            "salt",
            name=f"{name}/salt",
            description="Salts the hashes of Langfuse's API keys; never change it",
            value=random_letters_and_digits(self, "salt-value", length=64),
            recovery_window_days=days,
            kms_key_arn=kms_key_arn,
        )
        self.encryption_key = Secret(
            self,
            "encryption-key",
            name=f"{name}/encryption-key",
            description="Encrypts the credentials that Langfuse stores, 64 hex digits; never change it",
            value=random_hex_digits(self, "encryption-key-value", length=64),
            recovery_window_days=days,
            kms_key_arn=kms_key_arn,
        )
