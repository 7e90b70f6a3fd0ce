"""Langfuse's version, its images and the variables of its containers."""

from typing import Self

from pydantic import model_validator

from settings import versions
from settings.arns import KeyArns, PolicyArns, SecretArn
from settings.field_types import (
    LangfuseVersion,
    SecretArns,
    Variables,
)
from settings.images import DEFAULT_REGISTRY, OFFICIAL_REGISTRIES, BasePath, Digest, Image, Registry
from settings.section import Section, refuse
from settings.variables.checks import conflict

BASE_PATH_SOURCE = "https://langfuse.com/self-hosting/configuration/custom-base-path"
AUTH_PATH = "/api/auth"
"""What ``NEXTAUTH_URL`` ends with if Langfuse is served at a base path."""
CA_VARIABLE = "NODE_EXTRA_CA_CERTS"


class Langfuse(Section):
    """The version of Langfuse, its images, and additional environment variables of its two containers."""

    version: LangfuseVersion = "4.16.0"
    """Version of Langfuse, which is the tag of both images: 3.170.0 or newer, or any 4. Langfuse 3 before 3.170.0
    publishes no metrics of its queues, which autoscaling and alarms need. A tag such as ``4`` is not allowed, since it
    would upgrade Langfuse and migrate the databases whenever a task starts. ``postgres.version``, ``redis.version`` and
    ``clickhouse.version`` state which versions of them it needs.

    Run ``ops upgrade`` before you change it. [From Langfuse 3 to 4](upgrade-to-4.md) has steps of its own."""
    registry: Registry = DEFAULT_REGISTRY
    """Registry of the images ``<registry>/langfuse:<version>`` and ``<registry>/langfuse-worker:<version>``: that of
    Langfuse, one of Amazon ECR, or another that serves them without a login. [Images](images.md) shows how to copy the
    images, and a pull-through cache. ``docker.io/langfuse`` is Docker Hub, whose limit for pulls without a login counts
    all tasks behind a NAT gateway together.

    If it is a private one of Amazon ECR, in this Region or another of the partition, the execution roles may pull from
    the two repositories, and let a pull-through cache fill them. The policies of repositories in another account must
    allow it too."""
    web_digest: Digest | None = None
    """Digest of web's image, which then is ``<registry>/langfuse:<version>@<digest>``: what runs can't change, whatever
    the registry serves under the version's tag. By default, the tag says which image runs. It needs ``worker_digest``.

    The digest decides, and the tag only names it: **set both digests whenever you change ``version``**. Otherwise the
    old image runs on under the new version's name; ``ops plan`` warns of it. ``ops upgrade`` needs the new version and
    its digests in the settings before it migrates."""
    worker_digest: Digest | None = None
    """Digest of the worker's image, as ``web_digest``, which it needs."""
    base_path: BasePath | None = None
    """Path that Langfuse is served at, for example ``/langfuse``. By default, it is served at ``/``. Langfuse's own
    image of web can't do it: build one with this path as ``NEXT_PUBLIC_BASE_PATH``, and set ``registry`` to where it is
    (https://langfuse.com/self-hosting/configuration/custom-base-path). Health checks, ``NEXTAUTH_URL`` and the output
    ``alb_url`` follow. Another image than one for this path never turns healthy, and the deploy fails."""
    ca_certificate_secret_arn: SecretArn | None = None
    """Full ARN of the Secrets Manager secret with the certificates of a private certificate authority, in PEM format:
    Langfuse then trusts it, beside the public ones, wherever it connects with TLS from Node.js, for example to an
    identity provider. As in ``secrets``, a key of a JSON secret may follow the ARN, and ``kms_key_arns`` names the key
    that it is encrypted with. By default, Langfuse trusts public authorities only.

    A container that ends before Langfuse starts writes the certificates to a file, which ``NODE_EXTRA_CA_CERTS`` names.
    If the secret holds no certificate, the tasks do not start. Tasks read it when they start: after a change,
    ``ops redeploy --apply``. PostgreSQL, and the migrations of ClickHouse, do not use it."""
    environment: Variables = {}
    """Additional environment variables of all services, for example ``AUTH_DISABLE_SIGNUP = "true"``.
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
    """Additional environment variables of all services whose values are secret: the name of each variable, and the
    full ARN of the Secrets Manager secret that holds its value, in the same Region, and in an account of
    ``allowed_account_ids`` if that is set. A key of a JSON secret follows the ARN: ``…:secret:smtp-AbCdEf:url::``.
    ``LANGFUSE_AWS__LANGFUSE__SECRETS__<NAME>`` sets a single variable. Names consist of capital letters, digits and
    underscores. What ``environment`` says of names and of variables that belong together applies here too. A variable
    must not be in both."""
    policy_arns: PolicyArns = ()
    """Managed policies to attach to the task role of all services, for what Langfuse uses of AWS beside its bucket,
    for example the models of Amazon Bedrock or mail with Amazon SES: policies of AWS, or of the account. By default,
    there are none."""
    kms_key_arns: KeyArns = ()
    """KMS keys of your own, in the same Region, that the secrets in ``secrets``, ``sign_in`` and ``mail`` are encrypted
    with. The execution roles may then decrypt with them, through Secrets Manager only. Not needed for Secrets Manager's
    default key, ``aws/secretsmanager``. The policy of a key in another account must allow it too.

    The keys of the bucket's objects are not for this list: the task role may use what the variables
    ``LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID``, ``LANGFUSE_S3_MEDIA_UPLOAD_SSE_KMS_KEY_ID`` and
    ``LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID`` in ``environment`` name, which must be ARNs of keys in the same
    Region."""

    @property
    def web_image(self) -> Image:
        """The image of web."""
        return Image(f"{self.registry}/langfuse", self.version, self.web_digest or "")

    @property
    def worker_image(self) -> Image:
        """The image of the worker."""
        return Image(f"{self.registry}/langfuse-worker", self.version, self.worker_digest or "")

    @model_validator(mode="after")
    def _check_images(self) -> Self:
        for one, other in (("web_digest", "worker_digest"), ("worker_digest", "web_digest")):
            if getattr(self, one) and not getattr(self, other):
                refuse(one, getattr(self, one), f"needs {other}: both images, or none")
        if self.base_path and self.registry in OFFICIAL_REGISTRIES:
            allowed = f"needs langfuse.registry with an image that was built for it ({BASE_PATH_SOURCE})"
            refuse("base_path", self.base_path, allowed)
        for table in ("environment", "secrets"):
            if self.ca_certificate_secret_arn and CA_VARIABLE in getattr(self, table):
                refuse(f"{table}.{CA_VARIABLE}", None, "is filled by langfuse.ca_certificate_secret_arn: leave it out")
        return self

    @model_validator(mode="after")
    def _check(self) -> Self:
        if must := versions.unsupported(self.version):
            refuse("version", self.version, must)
        if wrong := conflict(self.version, self.environment, self.secrets):
            key, allowed = wrong
            refuse(key, None, allowed)
        return self
