"""Public reports of people who run Langfuse, written as settings: what failed for them is refused, with what to do."""

import pytest

from tests.variables import refusal

KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"
SSE = "LANGFUSE_S3_EVENT_UPLOAD_SSE"
KEYCLOAK = {"AUTH_KEYCLOAK_CLIENT_ID": "langfuse", "AUTH_KEYCLOAK_ISSUER": "https://id.example.com/realms/acme"}
CUSTOM = {"AUTH_CUSTOM_CLIENT_ID": "langfuse", "AUTH_CUSTOM_ISSUER": "https://id.example.com", "AUTH_CUSTOM_NAME": "x"}
INITIAL = {"LANGFUSE_INIT_PROJECT_NAME": "My Project", "LANGFUSE_INIT_USER_EMAIL": "user@example.com"}

REPORTS: dict[str, tuple[dict[str, str], tuple[str, ...], str]] = {
    # report: variables, secrets, what the line says
    "langfuse-k8s#23": (INITIAL, ("LANGFUSE_INIT_USER_PASSWORD",), "needs LANGFUSE_INIT_ORG_ID"),
    "langfuse-k8s#144": ({f"{SSE}_KMS_KEY_ID": KEY_ARN}, (), f"needs {SSE} = aws:kms"),
    "langfuse-k8s#193": ({"CLICKHOUSE_CLUSTER_ENABLED": "true"}, (), "set clickhouse.cluster_enabled"),
    "langfuse-k8s#273": ({"REDIS_HOST": "redis", "REDIS_PORT": "6379"}, (), "see the section redis"),
    "langfuse-k8s#291": ({"REDIS_CONNECTION_STRING": "rediss://master:6380"}, (), "see the section redis"),
    "langfuse#2016": ({"LANGFUSE_DEFAULT_PROJECT_ID": "test"}, (), "must be the value of LANGFUSE_INIT_PROJECT_ID"),
    "langfuse#2016, database": ({"DATABASE_HOST": "postgres:5432"}, (), "see the section postgres"),
    "langfuse#3398": ({"LANGFUSE_INIT_USER_EMAIL": '"me"'}, (), "must be an e-mail address"),
    "langfuse#5140": ({"LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT": "https://s.example.com"}, (), "the bucket is the stacks'"),
    "langfuse#5140, keys": ({}, ("LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY",), "their task role"),
    "langfuse#5309": (CUSTOM, (), "needs AUTH_CUSTOM_CLIENT_SECRET"),
    "langfuse#5309, address": ({"NEXTAUTH_URL": "https://langfuse.example.com"}, (), "set domain.name"),
    "langfuse#5906": ({"REDIS_HOST": "cache.serverless.use1.cache.amazonaws.com"}, (), "see the section redis"),
    "langfuse#6336": ({**KEYCLOAK, "AUTH_CUSTOM_NAME": "Keycloak"}, (), "needs AUTH_CUSTOM_CLIENT_ID"),
    "langfuse#6679": ({"CLICKHOUSE_CLUSTER_NAME": "mine"}, (), "LANGFUSE_AUTO_CLICKHOUSE_MIGRATION_DISABLED = true"),
    "langfuse#7679": ({"NEXT_PUBLIC_BASE_PATH": "/team-a/langfuse"}, (), "domain.name of its own"),
    "langfuse#8472": ({"REDIS_AUTH": "x"}, (), "see the section redis"),
    "langfuse#11116": ({"LANGFUSE_INIT_USER_EMAIL": "me@example.com"}, (), "needs LANGFUSE_INIT_ORG_ID"),
    "langfuse#12524": ({"NEXT_PUBLIC_BASE_PATH": "/langfuse-base-path"}, (), "domain.name of its own"),
    "langfuse#13287": ({"NODE_OPTIONS": "--max-old-space-size=8192"}, (), "set web.heap_mib or worker.heap_mib"),
    "deploy-langfuse-on-ecs-with-fargate#2": ({"NEXTAUTH_URL": "https://langfuse.example.com"}, (), "set domain.name"),
}


@pytest.mark.parametrize("report", REPORTS)
def test_what_was_reported_is_refused_with_what_to_do(report: str) -> None:
    environment, secret, said = REPORTS[report]
    assert said in refusal(environment, secret)


@pytest.mark.parametrize(
    ("environment", "secret"),
    [
        pytest.param({SSE: "aws:kms", f"{SSE}_KMS_KEY_ID": KEY_ARN}, (), id="langfuse-k8s#144"),
        pytest.param(CUSTOM, ("AUTH_CUSTOM_CLIENT_SECRET",), id="langfuse#5309"),
        pytest.param(KEYCLOAK, ("AUTH_KEYCLOAK_CLIENT_SECRET",), id="langfuse#6336"),
        pytest.param({"LANGFUSE_INIT_PROJECT_ID": "test", "LANGFUSE_INIT_ORG_ID": "acme"}, (), id="langfuse#2016"),
    ],
)
def test_what_the_reports_ended_with_is_accepted(environment: dict[str, str], secret: tuple[str, ...]) -> None:
    assert refusal(environment, secret) == ""
