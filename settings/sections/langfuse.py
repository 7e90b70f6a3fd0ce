"""Langfuse's version and the variables of its containers."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from settings import versions
from settings.arns import KeyArns, PolicyArns
from settings.field_types import (
    LangfuseVersion,
    SecretArns,
    Variables,
)
from settings.section import Section, refuse
from settings.variables.checks import conflict


class Langfuse(Section):
    """The version of Langfuse, and additional environment variables of its two containers, web and worker."""

    version: LangfuseVersion = "4.16.0"
    """Version of Langfuse, which is the tag of both images: 3.170.0 or newer, or any 4. Langfuse 3 before 3.170.0
    publishes no metrics of its queues, which autoscaling and alarms need. A tag such as ``4`` is not allowed, since it
    would upgrade Langfuse and migrate the databases whenever a task starts. ``postgres.version``, ``redis.version`` and
    ``clickhouse.version`` state which versions of them it needs.

    Run ``ops upgrade`` before you change it. [From Langfuse 3 to 4](upgrade-to-4.md) has steps of its own."""
    registry: Annotated[str, Field(examples=["123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror"])] = (
        "docker.langfuse.com/langfuse"
    )
    """Registry of the images."""
    environment: Variables = {}
    """Additional environment variables of both containers, for example ``AUTH_DISABLE_SIGNUP = "true"``.
    ``LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__<NAME>`` sets a single variable. Names consist of capital letters, digits and
    underscores. Variables that Langfuse does not know are passed on too, for example ``HTTP_PROXY``.

    Not allowed are variables that the stacks fill, and those that would take effect in their place, for example
    ``NEXTAUTH_URL``, ``DATABASE_URL``, ``NODE_OPTIONS``, a bucket, or the host of Redis: the error names the setting to
    use instead. What looks like a secret belongs in ``secrets``: keys, tokens, passwords, and URLs with one of them.

    Values must be of the kind that Langfuse 4.16.0 states, unless ``version`` is newer: one of a list, a number, a
    URL. Variables that only work together must be set together, here or in ``secrets``: for example
    ``LANGFUSE_INIT_ORG_ID`` with every ``LANGFUSE_INIT_`` variable, the ID and secret of a provider of single sign-on,
    ``SMTP_CONNECTION_URL`` with ``EMAIL_FROM_ADDRESS``, or ``LANGFUSE_EE_LICENSE_KEY`` with what needs a licence.

    ``LANGFUSE_MIGRATION_V4_WRITE_MODE`` says to which tables Langfuse 4 writes: ``legacy``, ``dual`` or ``events_only``
    (Langfuse's default). [From Langfuse 3 to 4](upgrade-to-4.md) describes it, and the variables that each mode
    needs."""
    secrets: SecretArns = {}
    """Additional environment variables of both containers whose values are secret: the name of each variable, and the
    full ARN of the Secrets Manager secret that holds its value, in the same Region, and in an account of
    ``allowed_account_ids`` if that is set. A key of a JSON secret follows the ARN: ``…:secret:smtp-AbCdEf:url::``.
    ``LANGFUSE_AWS__LANGFUSE__SECRETS__<NAME>`` sets a single variable. Names consist of capital letters, digits and
    underscores. What ``environment`` says of names and of variables that belong together applies here too. A variable
    must not be in both."""
    policy_arns: PolicyArns = ()
    """Managed policies to attach to the task role of both containers, for what Langfuse uses of AWS beside its bucket,
    for example the models of Amazon Bedrock or mail with Amazon SES: policies of AWS, or of the account. By default,
    there are none."""
    kms_key_arns: KeyArns = ()
    """KMS keys of your own, in the same Region, that the secrets in ``secrets`` are encrypted with. The execution roles
    may then decrypt with them, through Secrets Manager only. Not needed for Secrets Manager's default key,
    ``aws/secretsmanager``. The policy of a key in another account must allow it too.

    The keys of the bucket's objects are not for this list: the task role may use what the variables
    ``LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID``, ``LANGFUSE_S3_MEDIA_UPLOAD_SSE_KMS_KEY_ID`` and
    ``LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID`` in ``environment`` name, which must be ARNs of keys in the same
    Region."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if must := versions.unsupported(self.version):
            refuse("version", self.version, must)
        if wrong := conflict(self.version, self.environment, self.secrets):
            key, allowed = wrong
            refuse(key, None, allowed)
        return self
