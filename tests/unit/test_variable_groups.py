"""Tests of the variables that only work together."""

import re
from fnmatch import fnmatchcase

import pytest

from settings.variables.groups import GROUPS, SSO_PROVIDERS
from tests.variables import KNOWN, refusal

KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"
INITIAL = {"LANGFUSE_INIT_ORG_ID": "acme", "LANGFUSE_INIT_PROJECT_ID": "acme-web"}
CALLBACK = "https://mask.example.com"
AGENT = "LANGFUSE_IN_APP_AGENT_SANDBOX"
MICROVM = f"{AGENT}_AWS_LAMBDA_MICROVM"
LACKING: list[tuple[dict[str, str], tuple[str, ...], str]] = [
    # variables, secrets, what is lacking
    ({"LANGFUSE_INIT_USER_EMAIL": "me@example.com"}, (), "LANGFUSE_INIT_ORG_ID"),
    ({}, ("LANGFUSE_INIT_USER_PASSWORD",), "LANGFUSE_INIT_ORG_ID"),
    ({"LANGFUSE_INIT_ORG_ID": "", "LANGFUSE_INIT_PROJECT_ID": "x"}, (), "LANGFUSE_INIT_ORG_ID"),
    ({"LANGFUSE_INIT_ORG_ID": "acme", "LANGFUSE_INIT_PROJECT_NAME": "x"}, (), "LANGFUSE_INIT_PROJECT_ID"),
    ({"LANGFUSE_INIT_ORG_ID": "acme"}, ("LANGFUSE_INIT_PROJECT_SECRET_KEY",), "LANGFUSE_INIT_PROJECT_ID"),
    (INITIAL, ("LANGFUSE_INIT_PROJECT_SECRET_KEY",), "LANGFUSE_INIT_PROJECT_PUBLIC_KEY"),
    ({**INITIAL, "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": "pk-lf-x"}, (), "LANGFUSE_INIT_PROJECT_SECRET_KEY"),
    ({**INITIAL, "LANGFUSE_INIT_USER_EMAIL": "me@example.com"}, (), "LANGFUSE_INIT_USER_PASSWORD"),
    (INITIAL, ("LANGFUSE_INIT_USER_PASSWORD",), "LANGFUSE_INIT_USER_EMAIL"),
    ({**INITIAL, "LANGFUSE_INIT_USER_NAME": "Me"}, (), "LANGFUSE_INIT_USER_EMAIL and LANGFUSE_INIT_USER_PASSWORD"),
    ({**INITIAL, "LANGFUSE_INIT_PROJECT_RETENTION": "30"}, (), "LANGFUSE_EE_LICENSE_KEY"),
    ({"AUTH_GOOGLE_CLIENT_ID": "x"}, (), "AUTH_GOOGLE_CLIENT_SECRET"),
    ({"AUTH_CUSTOM_NAME": "x"}, (), "AUTH_CUSTOM_CLIENT_ID and AUTH_CUSTOM_CLIENT_SECRET and AUTH_CUSTOM_ISSUER"),
    ({"EMAIL_FROM_ADDRESS": "me@example.com"}, (), "SMTP_CONNECTION_URL"),
    ({"EMAIL_FROM_ADDRESS": "me@example.com", "SMTP_CONNECTION_URL": ""}, (), "SMTP_CONNECTION_URL"),
    ({"SMTP_CONNECTION_URL": "ses://eu-central-1"}, (), "EMAIL_FROM_ADDRESS"),
    ({}, ("SMTP_CONNECTION_URL",), "EMAIL_FROM_ADDRESS"),
    ({"AUTH_EMAIL_VERIFICATION_REQUIRED": "true"}, (), "SMTP_CONNECTION_URL and EMAIL_FROM_ADDRESS"),
    ({"LANGFUSE_S3_EVENT_UPLOAD_SSE": "aws:kms"}, (), "LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID"),
    ({"LANGFUSE_S3_MEDIA_UPLOAD_SSE": "aws:kms"}, (), "LANGFUSE_S3_MEDIA_UPLOAD_SSE_KMS_KEY_ID"),
    ({"LANGFUSE_S3_BATCH_EXPORT_SSE": "aws:kms"}, (), "LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID"),
    ({"LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID": KEY_ARN}, (), "LANGFUSE_S3_EVENT_UPLOAD_SSE = aws:kms"),
    ({"LANGFUSE_S3_MEDIA_UPLOAD_SSE_KMS_KEY_ID": KEY_ARN}, (), "LANGFUSE_S3_MEDIA_UPLOAD_SSE = aws:kms"),
    (
        {"LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID": KEY_ARN, "LANGFUSE_S3_BATCH_EXPORT_SSE": "AES256"},
        (),
        "LANGFUSE_S3_BATCH_EXPORT_SSE = aws:kms",
    ),
    ({"LANGFUSE_INGESTION_MASKING_CALLBACK_URL": CALLBACK}, (), "LANGFUSE_EE_LICENSE_KEY"),
    ({"LANGFUSE_ALLOWED_ORGANIZATION_CREATORS": "me@example.com"}, (), "LANGFUSE_EE_LICENSE_KEY"),
    ({"LANGFUSE_UI_LOGO_LIGHT_MODE_HREF": "https://example.com/logo"}, (), "LANGFUSE_EE_LICENSE_KEY"),
    ({"LANGFUSE_DEFAULT_ORG_ROLE": "VIEWER"}, (), "LANGFUSE_DEFAULT_ORG_ID"),
    ({"LANGFUSE_DEFAULT_PROJECT_ROLE": "VIEWER"}, (), "LANGFUSE_DEFAULT_PROJECT_ID"),
    ({"SLACK_CLIENT_ID": "1.2"}, ("SLACK_CLIENT_SECRET",), "SLACK_STATE_SECRET"),
    ({"CLICKHOUSE_CLUSTER_NAME": "mine"}, (), "LANGFUSE_AUTO_CLICKHOUSE_MIGRATION_DISABLED = true"),
    (
        {f"{AGENT}_PROVIDER": "lambda-microvm", f"{MICROVM}_REGION": "us-east-1"},
        (),
        f"{MICROVM}_IMAGE_IDENTIFIER and {MICROVM}_EXECUTION_ROLE_ARN",
    ),
]


@pytest.mark.parametrize(("environment", "secret", "lacking"), LACKING)
def test_a_variable_without_what_it_needs_is_refused(
    environment: dict[str, str], secret: tuple[str, ...], lacking: str
) -> None:
    line = refusal(environment, secret)
    assert f"needs {lacking} beside it: otherwise " in line
    assert re.search(r"\((https://\S+|langfuse/langfuse#\d+)\)$", line)
    assert not any(value and value in line for value in environment.values() if "@" in value)


def test_every_group_is_tested() -> None:
    """The providers of single sign-on have their own test."""
    lacking = {need.replace(" = ", "=") for _, _, needs in LACKING for need in needs.split(" and ")}
    others = [group for group in GROUPS if not group.source.endswith("web/src/server/auth.ts")]
    assert [group for group in others if not lacking & set(group.needs)] == []


@pytest.mark.parametrize(
    ("environment", "secret"),
    [
        ({"LANGFUSE_INIT_ORG_ID": "acme", "LANGFUSE_INIT_ORG_NAME": "Acme"}, ()),
        (
            {**INITIAL, "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": "pk-lf-x", "LANGFUSE_INIT_USER_EMAIL": "me@example.com"},
            ("LANGFUSE_INIT_PROJECT_SECRET_KEY", "LANGFUSE_INIT_USER_PASSWORD"),
        ),
        ({"EMAIL_FROM_ADDRESS": "me@example.com"}, ("SMTP_CONNECTION_URL",)),
        ({}, ("EMAIL_FROM_ADDRESS", "SMTP_CONNECTION_URL")),
        ({"LANGFUSE_S3_EVENT_UPLOAD_SSE": "AES256", "LANGFUSE_S3_MEDIA_UPLOAD_SSE": ""}, ()),
        ({"LANGFUSE_S3_EVENT_UPLOAD_SSE": "aws:kms", "LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID": KEY_ARN}, ()),
        ({"LANGFUSE_UI_SUPPORT_HREF": "mailto:me@example.com"}, ("LANGFUSE_EE_LICENSE_KEY",)),
        ({"AUTH_DISABLE_USERNAME_PASSWORD": "false", "AUTH_KEYCLOAK_SCOPE": "openid"}, ()),  # pragma: allowlist secret
        ({"AUTH_GITHUB_CLIENT_ID": "x", "AUTH_GITHUB_CHECKS": "state"}, ("AUTH_GITHUB_CLIENT_SECRET",)),
        ({"LANGFUSE_DEFAULT_ORG_ID": "cm0a1b2c3d4e5f6g7h8i9j0kl", "LANGFUSE_DEFAULT_ORG_ROLE": "MEMBER"}, ()),
        ({**INITIAL, "LANGFUSE_DEFAULT_PROJECT_ID": "acme-web"}, ()),
    ],
)
def test_whole_groups_are_accepted(environment: dict[str, str], secret: tuple[str, ...]) -> None:
    assert refusal(environment, secret) == ""


def test_new_users_are_added_to_what_exists_or_is_created() -> None:
    for environment in ({"LANGFUSE_DEFAULT_PROJECT_ID": "test"}, {**INITIAL, "LANGFUSE_DEFAULT_ORG_ID": "acme,other"}):
        assert "must be the value of LANGFUSE_INIT_" in refusal(environment)


def test_a_variable_is_set_in_one_place() -> None:
    assert "set in both" in refusal({"EXAMPLE": "x"}, ("EXAMPLE",))


def test_a_write_mode_is_no_secret() -> None:
    assert "is no secret" in refusal({}, ("LANGFUSE_MIGRATION_V4_WRITE_MODE",))


def test_the_groups_name_variables_that_langfuse_has() -> None:
    read_by_the_entrypoint = "LANGFUSE_AUTO_CLICKHOUSE_MIGRATION_DISABLED"
    patterns = {pattern.partition("=")[0] for group in GROUPS for pattern in (*group.when, *group.needs)}
    unknown = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in KNOWN)]
    assert unknown == [read_by_the_entrypoint]


def test_every_provider_of_single_sign_on_has_its_group() -> None:
    providers = {found[1] for name in KNOWN if (found := re.fullmatch(r"AUTH_(\w+)_CLIENT_ID", name))}
    assert providers - SSO_PROVIDERS.keys() == {"CLICKHOUSE_CLOUD"}
    parts = ("ISSUER", "TENANT_ID", "BASE_URL", "NAME", "URL", "ALLOWED_DOMAINS")
    for provider, settings in SSO_PROVIDERS.items():
        known = {part for part in parts if f"AUTH_{provider}_{part}" in KNOWN}
        assert {*settings.needs, *settings.takes} == known
        whole = {f"AUTH_{provider}_{part}": "https://example.com" for part in ("CLIENT_ID", *settings.needs)}
        if provider == "AUTHENTIK":
            whole["AUTH_AUTHENTIK_ISSUER"] = "https://authentik.example.com/application/o/langfuse"
        secret = f"AUTH_{provider}_CLIENT_SECRET"
        assert refusal(whole, (secret,)) == ""
        assert f"needs {secret} beside it" in refusal(whole)
        for name in whole:
            rest = {one: value for one, value in whole.items() if one != name}
            assert f"needs {name} beside it" in refusal(rest, (secret,))
