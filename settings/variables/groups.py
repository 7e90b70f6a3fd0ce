"""Variables of Langfuse that only work together, and what each needs.

Langfuse starts without the others, and leaves out, in silence or with a line in its log, what they would set up.
"""

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

SOURCE = "https://github.com/langfuse/langfuse/blob/v4.16.0/"


class Group(NamedTuple):
    """Variables that need others beside them.

    Args:
        when: the variables, ``NAME`` or ``NAME=value``; ``*`` in a name stands for anything.
        needs: what each of them needs, written likewise.
        because: what happens otherwise.
        source: where Langfuse's code or documentation says so.
    """

    when: tuple[str, ...]
    needs: tuple[str, ...]
    because: str
    source: str


class SingleSignOn(NamedTuple):
    """What a provider of single sign-on takes beside ``CLIENT_ID`` and ``CLIENT_SECRET``: parts of variables' names.

    Args:
        needs: without these, Langfuse shows no button for it.
        takes: what else ``sign_in.providers`` has for it.
    """

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


ISSUER = SingleSignOn(needs=("ISSUER",))
SSO_PROVIDERS: dict[str, SingleSignOn] = {
    "AUTH0": ISSUER,
    "AUTHENTIK": ISSUER,
    "AZURE_AD": SingleSignOn(needs=("TENANT_ID",)),
    "COGNITO": ISSUER,
    "CUSTOM": SingleSignOn(needs=("ISSUER", "NAME")),
    "GITHUB": SingleSignOn(),
    "GITHUB_ENTERPRISE": SingleSignOn(needs=("BASE_URL",)),
    "GITLAB": SingleSignOn(takes=("ISSUER", "URL")),
    "GOOGLE": SingleSignOn(takes=("ALLOWED_DOMAINS",)),
    "JUMPCLOUD": ISSUER,
    "KEYCLOAK": SingleSignOn(needs=("ISSUER",), takes=("NAME",)),
    "OKTA": ISSUER,
    "ONELOGIN": ISSUER,
    "WORDPRESS": SingleSignOn(),
    "WORKOS": SingleSignOn(),
}
"""By provider of single sign-on, as in the names of its variables, what it takes."""
SSO_SOURCE = f"{SOURCE}web/src/server/auth.ts"


def has_single_sign_on(variables: Collection[str]) -> bool:
    """Whether any of the variables sets up a provider of single sign-on."""
    return any(f"AUTH_{provider}_CLIENT_ID" in variables for provider in SSO_PROVIDERS)


def _single_sign_on(provider: str, settings: SingleSignOn) -> Group:
    needs = tuple(f"AUTH_{provider}_{part}" for part in ("CLIENT_ID", "CLIENT_SECRET", *settings.needs))
    return Group(needs, needs, "Langfuse shows no button for this provider", SSO_SOURCE)


def _bucket_encryption(variable: str) -> tuple[Group, Group]:
    key, source = f"{variable}_KMS_KEY_ID", "https://langfuse.com/self-hosting/deployment/infrastructure/blobstorage"
    return (
        Group((key,), (f"{variable}=aws:kms",), "the key is not used", source),
        Group((f"{variable}=aws:kms",), (key,), "S3 encrypts with its own key, not with yours", source),
    )


GROUPS = (
    Group(
        ("LANGFUSE_INIT_*",),
        ("LANGFUSE_INIT_ORG_ID",),
        "Langfuse ignores it and only logs a warning",
        "langfuse/langfuse#11116",
    ),
    Group(
        ("LANGFUSE_INIT_PROJECT_*",),
        ("LANGFUSE_INIT_PROJECT_ID",),
        "Langfuse creates no project",
        f"{SOURCE}web/src/initialize.ts",
    ),
    Group(
        ("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", "LANGFUSE_INIT_PROJECT_SECRET_KEY"),
        ("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", "LANGFUSE_INIT_PROJECT_SECRET_KEY"),
        "Langfuse creates no API key",
        f"{SOURCE}web/src/initialize.ts",
    ),
    Group(
        ("LANGFUSE_INIT_USER_*",),
        ("LANGFUSE_INIT_USER_EMAIL", "LANGFUSE_INIT_USER_PASSWORD"),
        "Langfuse creates no user",
        f"{SOURCE}web/src/initialize.ts",
    ),
    *(_single_sign_on(provider, settings) for provider, settings in SSO_PROVIDERS.items()),
    Group(
        ("SMTP_CONNECTION_URL", "EMAIL_FROM_ADDRESS", "AUTH_EMAIL_VERIFICATION_REQUIRED=true"),
        ("SMTP_CONNECTION_URL", "EMAIL_FROM_ADDRESS"),
        "Langfuse sends no mail",
        "https://langfuse.com/self-hosting/configuration/transactional-emails",
    ),
    *_bucket_encryption("LANGFUSE_S3_EVENT_UPLOAD_SSE"),
    *_bucket_encryption("LANGFUSE_S3_MEDIA_UPLOAD_SSE"),
    *_bucket_encryption("LANGFUSE_S3_BATCH_EXPORT_SSE"),
    Group(
        (
            "LANGFUSE_ALLOWED_ORGANIZATION_CREATORS",
            "LANGFUSE_INGESTION_MASKING_CALLBACK_URL",
            "LANGFUSE_INIT_PROJECT_RETENTION",
            "LANGFUSE_UI_*",
        ),
        ("LANGFUSE_EE_LICENSE_KEY",),
        "it is a feature of Langfuse's Enterprise Edition, and has no effect without a licence",
        "https://langfuse.com/self-hosting/license-key",
    ),
    Group(
        ("LANGFUSE_DEFAULT_ORG_ROLE",),
        ("LANGFUSE_DEFAULT_ORG_ID",),
        "nobody gets the role",
        f"{SOURCE}web/src/features/auth/lib/createProjectMembershipsOnSignup.ts",
    ),
    Group(
        ("LANGFUSE_DEFAULT_PROJECT_ROLE",),
        ("LANGFUSE_DEFAULT_PROJECT_ID",),
        "nobody gets the role",
        f"{SOURCE}web/src/features/auth/lib/createProjectMembershipsOnSignup.ts",
    ),
    Group(
        ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_STATE_SECRET"),
        ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_STATE_SECRET"),
        "Slack can't be connected",
        f"{SOURCE}packages/shared/src/server/services/SlackService.ts",
    ),
    Group(
        ("CLICKHOUSE_CLUSTER_NAME",),
        ("LANGFUSE_AUTO_CLICKHOUSE_MIGRATION_DISABLED=true",),
        "Langfuse's migrations know the cluster default alone, so that you must run changed ones yourself",
        "langfuse/langfuse#6679",
    ),
    Group(
        ("LANGFUSE_IN_APP_AGENT_SANDBOX_PROVIDER=lambda-microvm",),  # pragma: allowlist secret
        (
            "LANGFUSE_IN_APP_AGENT_SANDBOX_AWS_LAMBDA_MICROVM_IMAGE_IDENTIFIER",
            "LANGFUSE_IN_APP_AGENT_SANDBOX_AWS_LAMBDA_MICROVM_EXECUTION_ROLE_ARN",
            "LANGFUSE_IN_APP_AGENT_SANDBOX_AWS_LAMBDA_MICROVM_REGION",
        ),
        "the worker does not start",
        f"{SOURCE}worker/src/env.ts",
    ),
)

OWN_ID = re.compile(r"c[a-z0-9]{24}")
"""An ID that Langfuse gives: ``@default(cuid())`` in packages/shared/prisma/schema.prisma."""


def lacking(given: Mapping[str, str | None]) -> tuple[str, str] | None:
    """The first variable that lacks others, and which.

    Args:
        given: all variables with their values, None for those that are secret.
    """
    for group in GROUPS:
        name = next((name for when in group.when for name in _set(when, given)), None)
        missing = [need for need in group.needs if not _set(need, given)]
        if name and missing:
            needed = " and ".join(need.replace("=", " = ") for need in missing)
            return name, f"needs {needed} beside it: otherwise {group.because} ({group.source})"
    return _unknown_default(given)


def _set(pattern: str, given: Mapping[str, str | None]) -> list[str]:
    """The variables that are set as a pattern says. A secret may have any value."""
    name, _, value = pattern.partition("=")
    return [one for one in given if fnmatchcase(one, name) and (not value or given[one] in (value, None))]


def _unknown_default(given: Mapping[str, str | None]) -> tuple[str, str] | None:
    """New users get no membership in an organization or project that does not exist (langfuse/langfuse#2016)."""
    for kind in ("ORG", "PROJECT"):
        default, initial = f"LANGFUSE_DEFAULT_{kind}_ID", f"LANGFUSE_INIT_{kind}_ID"
        ids = [one.strip() for one in (given.get(default) or "").split(",")]
        if any(one and not OWN_ID.fullmatch(one) and given.get(initial, "") not in (one, None) for one in ids):
            return default, (
                f"must be the value of {initial}, or an ID from the address of Langfuse's pages, for example"
                " cm0a1b2c3d4e5f6g7h8i9j0kl: otherwise new users get no access (langfuse/langfuse#2016)"
            )
    return None
