"""Tests of what looks like a secret in langfuse.environment."""

import re

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from settings.variables.secret_values import is_secret_name, looks_secret
from tests.variables import KNOWN, refusal

SECRET_VARIABLES = [
    "ADMIN_API_KEY",
    "AUTH_AUTH0_CLIENT_SECRET",
    "AUTH_AUTHENTIK_CLIENT_SECRET",
    "AUTH_AZURE_AD_CLIENT_SECRET",
    "AUTH_CLICKHOUSE_CLOUD_CLIENT_SECRET",
    "AUTH_COGNITO_CLIENT_SECRET",
    "AUTH_CUSTOM_CLIENT_SECRET",
    "AUTH_GITHUB_CLIENT_SECRET",
    "AUTH_GITHUB_ENTERPRISE_CLIENT_SECRET",
    "AUTH_GITLAB_CLIENT_SECRET",
    "AUTH_GOOGLE_CLIENT_SECRET",
    "AUTH_JUMPCLOUD_CLIENT_SECRET",
    "AUTH_KEYCLOAK_CLIENT_SECRET",
    "AUTH_OKTA_CLIENT_SECRET",
    "AUTH_ONELOGIN_CLIENT_SECRET",
    "AUTH_WORDPRESS_CLIENT_SECRET",
    "AUTH_WORKOS_CLIENT_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "CLICKHOUSE_BILLING_METRICS_API_KEY",
    "CLICKHOUSE_PASSWORD",
    "ENCRYPTION_KEY",
    "LANGFUSE_AI_FEATURES_SECRET_KEY",
    "LANGFUSE_EE_LICENSE_KEY",
    "LANGFUSE_GOOGLE_CLOUD_STORAGE_CREDENTIALS",
    "LANGFUSE_INIT_PROJECT_SECRET_KEY",
    "LANGFUSE_INIT_USER_PASSWORD",
    "LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID",
    "LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY",
    "LANGFUSE_S3_CORE_DATA_UPLOAD_ACCESS_KEY_ID",
    "LANGFUSE_S3_CORE_DATA_UPLOAD_SECRET_ACCESS_KEY",
    "LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID",
    "LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY",
    "LANGFUSE_S3_MEDIA_UPLOAD_ACCESS_KEY_ID",
    "LANGFUSE_S3_MEDIA_UPLOAD_SECRET_ACCESS_KEY",
    "MULESOFT_SFDC_BASIC_AUTH_PASSWORD",
    "NEXTAUTH_SECRET",
    "PLAIN_AUTHENTICATION_SECRET",
    "PLAIN_CARDS_API_TOKEN",
    "PYLON_API_KEY",
    "REDIS_AUTH",
    "REDIS_SENTINEL_PASSWORD",
    "REDIS_TLS_KEY_PASSPHRASE",
    "SALT",
    "SEED_SECRET_KEY",
    "SENTRY_AUTH_TOKEN",
    "SLACK_CLIENT_SECRET",
    "SLACK_STATE_SECRET",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SIGNING_SECRET",
]
"""All variables of Langfuse 4.16.0 that are secret by their names: no other one may be refused, none of these set."""


def test_just_these_variables_of_langfuse_are_secret_by_their_names() -> None:
    assert [name for name in KNOWN if is_secret_name(name)] == SECRET_VARIABLES


@pytest.mark.parametrize("name", SECRET_VARIABLES)
def test_a_secret_variable_is_refused_with_the_remedy_and_not_shown(name: str) -> None:
    line = refusal({name: "hunter2"})
    assert "hunter2" not in line
    assert f"langfuse.environment.{name}: " in line
    assert "langfuse.secrets" in line or "filled by the stacks" in line or "would go against" in line


@pytest.mark.parametrize(
    "name",
    [
        "SMTP_PASS",
        "SMTP_PASSWD",
        "DB_PWD",
        "APIKEY",
        "OPENAI_API_KEY",
        "API_KEYS",
        "ACCESSTOKEN",
        "MY_TOKENS",
        "TLS_PASSPHRASE",
        "PROXY_AUTH",
        "MY_LICENSE",
        "MY_LICENCE",
        "SENTRY_DSN",
        "GCP_CREDENTIALS",
        "MY_SECRET_URL",
        "TOKEN_2",
        "SMTP__PASSWORD",
        "KEY",
        "PRIVATE_KEY",
        "AUTHORIZATION",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "S3_SECRETKEY",
        "ROOTPASS",
        "SECRET2",
        "JWT_SECRET_BASE64",
        "MINIO_ACCESS_KEY_ID",
        "ACCESSKEYID",
        "DB_CREDS",
    ],
)
def test_other_names_of_secrets_are_refused(name: str) -> None:
    assert f"langfuse.environment.{name}: looks like a secret" in refusal({name: "x"})


@pytest.mark.parametrize(
    "name",
    [
        "MAX_TOKENS",
        "TOKENIZERS_PARALLELISM",
        "MONKEY",
        "TURKEY_REGION",
        "KEYBOARD",
        "KEYCLOAK_URL",
        "COMPASS",
        "BYPASS_CACHE",
        "PASSTHROUGH",
        "SECRETARY",
        "AUTHOR",
        "SALTY",
        "KEEP_ALIVE",
        "TOKEN_URL",
        "S3_KEY_PREFIX",
        "CREDIT_LIMIT",
        "SACRED",
    ],
)
def test_other_names_are_accepted(name: str) -> None:
    assert refusal({name: "x"}) == ""


SECRET_VALUES = [
    "smtp://me:hunter2@mail.example.com:587",  # pragma: allowlist secret
    "smtps://me%40example.com:hunter2@mail.example.com",  # pragma: allowlist secret
    "redis://:hunter2@cache:6379",  # pragma: allowlist secret
    "https://hunter2@git.example.com/repository",
    "HTTP://me:hunter2@PROXY:3128",  # pragma: allowlist secret
    "smtp://me:hun/ter2@mail.example.com",  # pragma: allowlist secret
    "smtp%3A%2F%2Fme%3Ahunter2%40mail.example.com",
    "me:hunter2@proxy.example.com:3128",
    "//me:hunter2@proxy.example.com",
    "https://me:hun hunter2@proxy.example.com",
    "https://example.com/#access_token=hunter2",
    "host=db password=hunter2",  # pragma: allowlist secret
    "https://a.example.com,https://me:hunter2@b.example.com",  # pragma: allowlist secret
    "https://example.com/hook?token=hunter2",
    "https://example.com/hook?sv=1&sig=hunter2",
    "Server=db;User=me;Password=hunter2",  # pragma: allowlist secret
    "AccountName=acme;AccountKey=hunter2",
    "Authorization=Basic aHVudGVyMg",
    "x-api-key: hunter2",
    "Bearer hunter2hunter2",
    '{"type": "service_account", "private_key": "hunter2"}',  # pragma: allowlist secret
    "AKIAIOSFODNN7EXAMPLE",  # pragma: allowlist secret
    "sk-lf-01234567-89ab-cdef",
    "sk-proj-hunter2hunter2",
    "langfuse_ee_hunter2",
    "ghp_hunter2hunter2hunter2",
    "glpat-hunter2hunter2",
    "xoxb-1234567890-hunter2",  # pragma: allowlist secret
    "https://hooks.slack.com/services/T000/B000/hunter2",  # pragma: allowlist secret
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.hunter2",  # pragma: allowlist secret
    "-----BEGIN PRIVATE KEY-----",  # pragma: allowlist secret
    "-----BEGIN RSA PRIVATE KEY-----",  # pragma: allowlist secret
]


@pytest.mark.parametrize("value", SECRET_VALUES)
def test_a_value_that_looks_like_a_secret_is_refused_and_not_shown(value: str) -> None:
    line = refusal({"EXAMPLE": value})
    assert "langfuse.environment.EXAMPLE: looks like a secret" in line
    assert value not in line
    assert "hunter2" not in line


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    scheme=st.from_regex(r"[a-zA-Z][a-z0-9+.-]{0,8}", fullmatch=True),
    user=st.text("abcXYZ019._~%+=!$-", max_size=12),
    password=st.text("abcXYZ019._~%+=!$:/?#-", min_size=1, max_size=20),
    host=st.from_regex(r"[a-z0-9]{1,9}(\.[a-z]{2,5})?(:[0-9]{2,5})?", fullmatch=True),
)
def test_credentials_in_urls_are_refused_whatever_the_scheme(scheme: str, user: str, password: str, host: str) -> None:
    if re.match(r"[0-9]+[\s/?#,]", password):
        password = f"x{password}"  # neither https://host:80/path@host nor https://:80/path@host has credentials
    assert looks_secret("EXAMPLE", f"{scheme}://{user}:{password}@{host}/path")


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com:8443/@me?to=a@b.example",
        "https://example.com/a:b@c",
        "https://example.com/?max_tokens=5",
        "-----BEGIN CERTIFICATE-----",
        "mailto:me@example.com",
        "me@example.com",
        "ses://eu-central-1",
        "Acme <no-reply@example.com>",
        "a@example.com,b@example.com",
        "https://login.example.com/t/v2.0",
        "true",
        "",
        "openid email profile offline_access api://acme/token.read",
        "arn:aws:iam::123456789012:role/acme",
        "*",
        '[{"name": "EU", "url": "https://eu.example.com"}]',
        "Single sign-on: Basic plan",
        "risk-management-plan",
        "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "10.0.0.0/8,192.168.0.0/16",
        "https://proxy.example.com:3128",
    ],
)
def test_an_ordinary_value_is_no_secret(value: str) -> None:
    assert not looks_secret("EXAMPLE", value)
