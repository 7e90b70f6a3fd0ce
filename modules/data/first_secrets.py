"""The generated secrets of the first user and the first project."""

from constructs import Construct

from modules.secret import Secret, random_letters_and_digits


class FirstSecrets(Construct):
    """The password of the first user, and the API keys of the first project. ``by_variable`` has them by variable.

    None of them rotates: Langfuse stores them when it creates the user and the project, and a later value would only be
    a second API key. They must have 8 characters or more, and start with ``pk-lf-`` and ``sk-lf-``.
    https://github.com/langfuse/langfuse/blob/v4.16.0/web/src/initialize.ts,
    https://github.com/langfuse/langfuse/blob/v4.16.0/packages/shared/src/server/auth/apiKeys.ts

    Args:
        name: what the secrets' names start with.
        recovery_window_days: how long a deleted secret can be restored.
        kms_key_arn: the KMS key that encrypts them, or None for Secrets Manager's default key.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, recovery_window_days: int, kms_key_arn: str | None
    ) -> None:
        super().__init__(scope, id_)
        self.by_variable = {
            "LANGFUSE_INIT_USER_PASSWORD": Secret(
                self,
                "user-password",
                name=f"{name}/first-user-password",
                description="Password that Langfuse's first user starts with",
                value=random_letters_and_digits(self, "user-password-value", length=32),
                recovery_window_days=recovery_window_days,
                kms_key_arn=kms_key_arn,
            ),
            "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": Secret(
                self,
                "project-public-key",
                name=f"{name}/first-project-public-key",
                description="Public API key of Langfuse's first project",
                value=f"pk-lf-{random_letters_and_digits(self, 'project-public-key-value', length=32)}",
                recovery_window_days=recovery_window_days,
                kms_key_arn=kms_key_arn,
            ),
            "LANGFUSE_INIT_PROJECT_SECRET_KEY": Secret(
                self,
                "project-secret-key",
                name=f"{name}/first-project-secret-key",
                description="Secret API key of Langfuse's first project",
                value=f"sk-lf-{random_letters_and_digits(self, 'project-secret-key-value', length=32)}",
                recovery_window_days=recovery_window_days,
                kms_key_arn=kms_key_arn,
            ),
        }
