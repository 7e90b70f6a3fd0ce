"""Secrets by name and by value, what the stacks fill, incomplete groups, wrong values, closed ports, sizes."""

from collections.abc import Iterator, Mapping

from tests.inputs.case import CANARY, Case, right, says, setting
from tests.inputs.formats import KMS

SECRET_NAMES = (
    "SMTP_PASSWORD", "SMTP_PASS", "SMTP_PASSWD", "SMTP_PWD", "PASSWORD", "PASS", "SECRET", "TOKEN", "KEY", "LICENSE",
    "DB_PASSPHRASE", "MY_SECRET_VALUE", "SECRET_VALUE", "MY_SECRETS", "X_SECRET_1", "SECRET2", "PASSWORD_OF_SMTP",
    "PASSWORDS", "MY_PASSWORD_", "TOKEN_A", "GITHUB_TOKEN_2", "ACCESS_TOKEN", "REFRESH_TOKEN", "ID_TOKEN_VALUE",
    "BEARER_TOKEN", "SENTRY_AUTH_TOKEN", "OPENAI_API_KEY", "APIKEY", "API_KEY_OPENAI", "MY_APIKEY", "OPENAI_KEY",
    "STRIPE_SECRET_KEY", "SIGNING_KEY", "PRIVATE_KEY", "PRIVATE_KEY_PEM", "SSH_KEY", "LANGFUSE_EE_LICENSE_KEY",
    "LANGFUSE_LICENSE", "LICENSE_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN",
    "LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID", "LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY",
    "LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY", "AUTH_GOOGLE_CLIENT_SECRET", "AUTH_CUSTOM_CLIENT_SECRET",
    "AUTH_AZURE_AD_CLIENT_SECRET", "AUTH_OKTA_CLIENT_SECRET", "ADMIN_API_KEY", "LANGFUSE_INIT_USER_PASSWORD",
    "LANGFUSE_INIT_PROJECT_SECRET_KEY", "LANGFUSE_AI_FEATURES_SECRET_KEY", "SLACK_CLIENT_SECRET",
    "SLACK_SIGNING_SECRET", "SLACK_STATE_SECRET", "REDIS_SENTINEL_PASSWORD", "REDIS_TLS_KEY_PASSPHRASE",
    "CLICKHOUSE_BILLING_METRICS_API_KEY", "MULESOFT_SFDC_BASIC_AUTH_PASSWORD", "PLAIN_AUTHENTICATION_SECRET",
    "PLAIN_CARDS_API_TOKEN", "PYLON_API_KEY", "SEED_SECRET_KEY", "STRIPE_WEBHOOK_SIGNING_SECRET",
    "LANGFUSE_GOOGLE_CLOUD_STORAGE_CREDENTIALS", "GOOGLE_CREDENTIALS", "MY_CREDENTIAL", "S3_SECRETKEY", "DBPASSWORD",
    "MYSECRET", "AUTHTOKEN", "CLIENTSECRET", "ROOTPASS", "MAIL_PASSPHRASE_X", "JWT_SECRET_BASE64", "HMAC_KEY",
    "COOKIE_SECRET",
)  # fmt: skip
SECRET_VALUES = (
    f"smtp://me:{CANARY}@mail.example.com:587", f"SMTPS://me:{CANARY}@mail.example.com:587",
    f"https://me:{CANARY}@example.com", f"https://:{CANARY}@example.com", f"redis://:{CANARY}@example.com:6379",
    f"rediss://default:{CANARY}@example.com", f"postgresql+asyncpg://u:{CANARY}@example.com/db",
    f"https://me:{CANARY}%40@example.com", f"https://me:{CANARY}@[::1]:8443", f"https://me:{CANARY}/x@example.com",
    f"https://me:{CANARY}?x@example.com", f"https://me:{CANARY}#x@example.com", f"https://me:a:{CANARY}@example.com",
    f"https://me:a@{CANARY}@example.com", f"http://a.example.com,http://me:{CANARY}@b.example.com",
    f"x https://me:{CANARY}@example.com x", f"//me:{CANARY}@example.com",
    f"jdbc:postgresql://u:{CANARY}@example.com/db", f"https://me:{CANARY} x@example.com",
    f"mongodb+srv://me:{CANARY}@example.com", f"https://example.com/?password={CANARY}",
    f"https://example.com/?a=b&token={CANARY}", f"https://example.com/?api_key={CANARY}",
    f"https://example.com/?x=1;secret={CANARY}", f"jdbc:sqlserver://example.com;user=sa;password={CANARY}",
    f"postgresql://example.com/db?user=u&password={CANARY}", f"https://example.com/#access_token={CANARY}",
    f"Authorization=Bearer {CANARY}", f"Authorization: Basic {CANARY}", f"x-api-key={CANARY}",
    f"host=db password={CANARY}", f"user=u;pwd={CANARY}", f'{{"password": "{CANARY}"}}',
    f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",  # pragma: allowlist secret
    f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}",  # pragma: allowlist secret
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}",  # pragma: allowlist secret
    f'{{"type": "service_account", "private_key": "{CANARY}"}}',
    f"sk-lf-{CANARY}",
)  # fmt: skip
FILLED_BY_STACKS = (
    "DATABASE_URL", "NEXTAUTH_SECRET", "SALT", "ENCRYPTION_KEY", "CLICKHOUSE_URL", "CLICKHOUSE_USER",
    "CLICKHOUSE_PASSWORD", "CLICKHOUSE_DB", "CLICKHOUSE_MIGRATION_URL", "CLICKHOUSE_MIGRATION_SSL", "NEXTAUTH_URL",
    "REDIS_CONNECTION_STRING", "CLICKHOUSE_CLUSTER_ENABLED", "LANGFUSE_S3_EVENT_UPLOAD_BUCKET",
    "LANGFUSE_S3_EVENT_UPLOAD_REGION", "LANGFUSE_S3_EVENT_UPLOAD_PREFIX", "LANGFUSE_S3_MEDIA_UPLOAD_BUCKET",
    "LANGFUSE_S3_MEDIA_UPLOAD_REGION", "LANGFUSE_S3_MEDIA_UPLOAD_PREFIX", "LANGFUSE_S3_BATCH_EXPORT_BUCKET",
    "LANGFUSE_S3_BATCH_EXPORT_REGION", "LANGFUSE_S3_BATCH_EXPORT_PREFIX", "LANGFUSE_S3_BATCH_EXPORT_ENABLED",
    "HOSTNAME", "AWS_REGION", "NODE_OPTIONS", "KEEP_ALIVE_TIMEOUT", "ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING",
    "REDIS_HOST", "REDIS_PORT", "REDIS_AUTH", "REDIS_TLS_ENABLED", "REDIS_CLUSTER_ENABLED", "DATABASE_HOST",
    "DATABASE_USERNAME", "DATABASE_PASSWORD", "DATABASE_NAME", "DATABASE_ARGS", "DIRECT_URL", "PORT",
    "REDIS_CLUSTER_NODES", "REDIS_SENTINEL_ENABLED", "LANGFUSE_LOG_FORMAT",
)  # fmt: skip
"""What the stacks fill, and what shadows it."""
NAMES = (
    "", "lower", "Mixed", "1A", "_A", "A-B", "A.B", "A B", " A", "A ", "A=B", "A\n", "A\x00", "A\u0661", "Ä", "A$",
    "${A}", "A\x1b[31m", "A" * 100_000, "A\u202eB", "А", "https_proxy",
)  # fmt: skip
ORGANIZATION = {"LANGFUSE_INIT_ORG_ID": "acme"}
PROVIDERS = ("GOOGLE", "GITHUB", "AZURE_AD", "OKTA", "AUTH0", "COGNITO", "GITLAB", "KEYCLOAK")
WITH_ISSUER = ("OKTA", "AUTH0", "COGNITO", "KEYCLOAK", "CUSTOM", "JUMPCLOUD")
INCOMPLETE: tuple[Mapping[str, str], ...] = (
    {"LANGFUSE_INIT_PROJECT_ID": "p"}, {"LANGFUSE_INIT_ORG_NAME": "Acme"},
    {"LANGFUSE_INIT_USER_EMAIL": "me@example.com"}, {"LANGFUSE_INIT_PROJECT_NAME": "x"},
    {"LANGFUSE_INIT_PROJECT_PUBLIC_KEY": "pk-lf-1"}, {"LANGFUSE_INIT_USER_NAME": "me"},
    {**ORGANIZATION, "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": "pk-lf-1"},
    {**ORGANIZATION, "LANGFUSE_INIT_USER_EMAIL": "me@example.com"},
    {**ORGANIZATION, "LANGFUSE_INIT_PROJECT_ID": "p", "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": "pk-lf-1"},
    {"LANGFUSE_INIT_ORG_ID": "", "LANGFUSE_INIT_PROJECT_ID": "p"},
    *({f"AUTH_{provider}_CLIENT_ID": "x"} for provider in PROVIDERS),
    *({f"AUTH_{provider}_ISSUER": "https://x.example.com"} for provider in WITH_ISSUER),
    {"AUTH_CUSTOM_NAME": "Acme"}, {"AUTH_CUSTOM_CLIENT_ID": "x", "AUTH_CUSTOM_ISSUER": "https://x.example.com"},
    {"AUTH_AZURE_AD_TENANT_ID": "x"}, {"AUTH_WORKOS_CLIENT_ID": "x"}, {"AUTH_GITHUB_ENTERPRISE_CLIENT_ID": "x"},
    {"AUTH_DISABLE_USERNAME_PASSWORD": "true"},  # pragma: allowlist secret
    {"SMTP_CONNECTION_URL": "smtp://mail.example.com:587"},
    {"SMTP_CONNECTION_URL": "smtp://mail.example.com:587", "EMAIL_FROM_ADDRESS": ""},
    {"LANGFUSE_S3_EVENT_UPLOAD_SSE": "aws:kms"}, {"LANGFUSE_S3_MEDIA_UPLOAD_SSE": "aws:kms"},
    {"LANGFUSE_S3_BATCH_EXPORT_SSE": "aws:kms"}, {"LANGFUSE_ALLOWED_ORGANIZATION_CREATORS": "me@example.com"},
    {"LANGFUSE_UI_LOGO_LIGHT_MODE_HREF": "https://example.com/a.png"},
)  # fmt: skip
"""Each needs another variable, or a licence."""
WRONG_VALUES: tuple[Mapping[str, str], ...] = (
    {"LANGFUSE_LOG_LEVEL": "verbose"}, {"LANGFUSE_LOG_LEVEL": "INFO"}, {"LANGFUSE_LOG_LEVEL": "warning"},
    {"LANGFUSE_LOG_FORMAT": "xml"}, {"AUTH_DISABLE_SIGNUP": "yes"}, {"AUTH_DISABLE_SIGNUP": "True"},
    {"AUTH_DISABLE_SIGNUP": "1"}, {"AUTH_DISABLE_SIGNUP": " true"}, {"TELEMETRY_ENABLED": "off"},
    {"LANGFUSE_S3_EVENT_UPLOAD_SSE": "kms"}, {"LANGFUSE_S3_MEDIA_UPLOAD_SSE": "aws:kms:dsse"},
    {"LANGFUSE_MIGRATION_V4_WRITE_MODE": "both"}, {"LANGFUSE_MIGRATION_V4_WRITE_MODE": "DUAL"},
    {"LANGFUSE_MIGRATION_V4_WRITE_MODE": "legacy"}, {"LANGFUSE_MIGRATION_V4_WRITE_MODE": "dual "},
    {"LANGFUSE_MIGRATION_V4_NATIVE_OTEL_BEHAVIOUR": "both"}, {"LANGFUSE_MIGRATION_V4_ALLOW_PREVIEW_OPT_IN": "yes"},
    {"AUTH_GOOGLE_CLIENT_AUTH_METHOD": "basic"}, {"AUTH_SESSION_MAX_AGE": "a day"}, {"AUTH_SESSION_MAX_AGE": "-1"},
    {"LANGFUSE_WEBHOOK_TIMEOUT_MS": "ten"}, {"LANGFUSE_CACHE_API_KEY_ENABLED": "on"},  # pragma: allowlist secret
    {"REDIS_TLS_REJECT_UNAUTHORIZED": "no"}, {"QUEUE_CONSUMER_WEBHOOK_QUEUE_IS_ENABLED": "TRUE"},
    {"LANGFUSE_CSP_ENFORCE_HTTPS": "yes"}, {"AUTH_HTTPS_PROXY": "proxy"},
    {"LANGFUSE_INGESTION_MASKING_CALLBACK_URL": "example.com"}, {"LANGFUSE_S3_LIST_MAX_KEYS": "many"},
)  # fmt: skip
SENDER = {"EMAIL_FROM_ADDRESS": "me@example.com"}
CLOSED_PORTS: tuple[Mapping[str, str], ...] = (
    {"SMTP_CONNECTION_URL": "smtp://mail.example.com:2525", "EMAIL_FROM_ADDRESS": "me@example.com"},
    {"HTTPS_PROXY": "http://proxy.example.com:3128"}, {"HTTP_PROXY": "http://proxy.example.com:8080"},
    {"AUTH_HTTPS_PROXY": "http://proxy.example.com:3128"}, {"AUTH_HTTP_PROXY": "http://10.0.0.5:3128"},
    {"LANGFUSE_UI_DEFAULT_BASE_URL_OPENAI": "http://models.example.com:4000"},
    {"AUTH_KEYCLOAK_ISSUER": "https://id.example.com:8443/realms/x", "AUTH_KEYCLOAK_CLIENT_ID": "x"},
    {"LANGFUSE_INGESTION_MASKING_CALLBACK_URL": "https://mask.example.com:8443"},
    {"AUTH_CUSTOM_ISSUER": "https://id.example.com:9443", "AUTH_CUSTOM_CLIENT_ID": "x", "AUTH_CUSTOM_NAME": "x"},
    {"SMTP_CONNECTION_URL": "smtp://mail.example.com:587", **SENDER},
    {"SMTP_CONNECTION_URL": "smtps://mail.example.com:465", **SENDER},
    {"SMTP_CONNECTION_URL": "smtps://mail.example.com", **SENDER}, {"HTTP_PROXY": "http://proxy.example.com"},
    {"X_URL": "https://a.example.com,https://b.example.com:9443"}, {"X_URL": "postgresql://db.example.com:5433/db"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel.example.com:4318"},
    {"LANGFUSE_TEAM_SLACK_WEBHOOK": "https://hooks.example.com:8443/x"},
)  # fmt: skip
RIGHT: tuple[Mapping[str, str], ...] = (
    {"A": "$$"}, {"A": "${HOME}"}, {"A": "%{HOST}"}, {"A": "$${x} %%{y}"}, {"A": "a$b"}, {"A": "100%"}, {"A": ""},
    {"A": " x "}, {"A": '"'}, {"A": "\\"}, {"A": "a\nb"}, {"A": "🙂"}, {"A": "{{x}}"}, {"A": "{ $.level = 1 }"},
    {"A": "null"}, {"A": "[1, 2]"}, {"A": "v" * 1000}, {"MAX_TOKENS": "100"}, {"TOKENIZER": "x"},
    {"TOKENIZERS_PARALLELISM": "false"}, {"LANGFUSE_TOKEN_COUNT_WORKER_POOL_SIZE": "2"}, {"MONKEY": "x"},
    {"TURKEY_REGION": "x"}, {"KEYBOARD": "x"}, {"KEYCLOAK_URL": "https://id.example.com"}, {"COMPASS": "x"},
    {"BYPASS_CACHE": "1"}, {"PASSTHROUGH": "1"}, {"SECRETARY": "x"}, {"AUTHOR": "me"}, {"SALTY": "x"},
    {"KEEP_ALIVE": "1"}, {"LANGFUSE_CACHE_API_KEY_ENABLED": "true"},  # pragma: allowlist secret
    {"LANGFUSE_CACHE_API_KEY_TTL_SECONDS": "300"},
    {"LANGFUSE_S3_LIST_MAX_KEYS": "200"}, {"LANGFUSE_S3_EVENT_KEY_MAX_SEGMENT_BYTES": "200"},
    {"REDIS_KEY_PREFIX": "acme:"}, {"AUTH_SESSION_MAX_AGE": "60"},
    {"AUTH_DISABLE_USERNAME_PASSWORD": "false"},  # pragma: allowlist secret
    {"AUTH_DOMAINS_WITH_SSO_ENFORCEMENT": "example.com"}, {"NEXTAUTH_COOKIE_DOMAIN": "example.com"},
    {"LANGFUSE_S3_EVENT_UPLOAD_SSE": "AES256"},
    {
        "LANGFUSE_S3_EVENT_UPLOAD_SSE": "aws:kms",
        "LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID": KMS,
    },
    {"LANGFUSE_LOG_LEVEL": "debug"}, {"AUTH_DISABLE_SIGNUP": "true"}, {"TELEMETRY_ENABLED": "false"},
    {"LANGFUSE_INIT_ORG_ID": "acme"}, {"LANGFUSE_INIT_ORG_ID": "acme", "LANGFUSE_INIT_ORG_NAME": "Acme: $$"},
    {"LANGFUSE_MIGRATION_V4_WRITE_MODE": "dual"}, {"LANGFUSE_MIGRATION_V4_WRITE_MODE": "events_only"},
    {"SMTP_CONNECTION_URL": "ses://eu-central-1", "EMAIL_FROM_ADDRESS": "me@example.com"},
    {"LANGFUSE_CSP_ENFORCE_HTTPS": "true"}, {"X_URL": "https://example.com/@me"},
    {"X_URL": "https://example.com/a:b@c"}, {"X_URL": "https://[2001:db8::1]/"},
    {"X_URL": "https://example.com:443/x?a=b"}, {"X_URL": "https://example.com/?max_tokens=5"},
    {"NODE_EXTRA_CA_CERTS": "/etc/ssl/ca.pem"}, {"NO_PROXY": "localhost,169.254.170.2,.example.com:8080"},
    {"X_PEM": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"},
    {"LANGFUSE_WEBHOOK_TIMEOUT_MS": "10000"}, {"LANGFUSE_INGESTION_MASKING_PROPAGATED_HEADERS": "authorization"},
    {"LANGFUSE_LOG_PROPAGATED_HEADERS": "x-token-id"}, {"LANGFUSE_WEBHOOK_WHITELISTED_HOST": "hooks.example.com:8443"},
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Yields the cases."""
    for name in SECRET_NAMES:
        yield says(setting(f"langfuse.environment.{name}", CANARY), name)
    for value in SECRET_VALUES:
        yield says(variable_of("X_URL", value), "X_URL")
    for name in FILLED_BY_STACKS:
        yield says(variable_of(name, "1"), name)
    yield from (variable_of(name, CANARY) for name in NAMES)
    yield from (several(group) for group in INCOMPLETE)
    yield from (several(wrong) for wrong in WRONG_VALUES)
    licence = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x-AbCdEf"
    for closed in CLOSED_PORTS:
        providers = {f"{name.removesuffix('_ISSUER')}_CLIENT_SECRET" for name in closed if name.endswith("_ISSUER")}
        secrets = dict.fromkeys((*providers, "LANGFUSE_EE_LICENSE_KEY"), licence)
        yield says(setting("langfuse.environment", closed, langfuse__secrets=secrets, clickhouse__mode="ec2"), "port")
    for closed in CLOSED_PORTS[:3]:
        yield right(setting("langfuse.environment", closed, network__egress_ports=[2525, 3128, 8080]))
    yield from _sizes()
    yield from (right(several(variables)) for variables in RIGHT)


def variable_of(name: str, value: str) -> Case:
    """A variable of the containers."""
    return several({name: value})


def several(variables: Mapping[str, str]) -> Case:
    """Variables of the containers."""
    return setting("langfuse.environment", variables)


def _sizes() -> Iterator[Case]:
    # A task definition has 64 KiB at most: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
    yield variable_of("A", "x" * 70_000)
    yield variable_of("A", "é" * 40_000)
    yield several({f"VARIABLE_{number}": "x" * 100 for number in range(1000)})
    yield right(several({f"VARIABLE_{number}": "x" * 100 for number in range(50)}))
