"""The environment variables that the stacks fill, and those that would take effect in their place.

Neither may be in ``langfuse.environment`` or ``langfuse.secrets``: with another value, Langfuse would no longer fit
what is deployed around it. Each has the reason, and the setting to use instead.
"""

import re

from settings.secret_variables import CLICKHOUSE_SECRETS

BUCKET = "the bucket is the stacks' own, and the containers may use no other: the section storage has its settings"
PREFIX = "the task role's rights and the expiry of objects are those of this prefix"
OWN_ROLE = "the containers sign their requests with their task role"

FILLED = {
    "NEXTAUTH_URL": "it is the address that users see: set domain.name or domain.cloudfront",
    "REDIS_CONNECTION_STRING": "Langfuse connects to ElastiCache: see the section redis",
    "DATABASE_URL": "Langfuse connects to RDS: see the section postgres",
    "NEXTAUTH_SECRET": "it is generated: secrets.nextauth_secret_version renews it",  # pragma: allowlist secret
    "SALT": "it is generated, and must never change",
    "ENCRYPTION_KEY": "it is generated, and must never change",
    **dict.fromkeys(CLICKHOUSE_SECRETS, 'set clickhouse.mode = "external", and use `ops clickhouse set`'),
    "CLICKHOUSE_CLUSTER_ENABLED": "set clickhouse.cluster_enabled",
    **{
        f"LANGFUSE_S3_{use}_{part}": reason
        for use in ("EVENT_UPLOAD", "MEDIA_UPLOAD", "BATCH_EXPORT")
        for part, reason in {"BUCKET": BUCKET, "REGION": "set region", "PREFIX": PREFIX}.items()
    },
    "LANGFUSE_S3_BATCH_EXPORT_ENABLED": "exports are always possible",
    "HOSTNAME": "the health checks need 0.0.0.0",
    "KEEP_ALIVE_TIMEOUT": "it must exceed the idle timeout of the load balancer, or users see errors 502",
    "NODE_OPTIONS": "set web.heap_mib or worker.heap_mib",
    "AWS_REGION": "set region",
    "LANGFUSE_LOG_FORMAT": "CloudWatch Logs takes fields from JSON; LANGFUSE_LOG_LEVEL may be set",
    "ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING": "set alarms.queue_metrics",
}
"""By variable that the stacks fill, what to do instead. modules/langfuse.py fills just these."""

FILLED_WITH_KEY = tuple(
    f"LANGFUSE_S3_{use}_SSE{part}" for use in ("EVENT_UPLOAD", "BATCH_EXPORT") for part in ("", "_KMS_KEY_ID")
)
"""The variables that the stacks fill too if ``encryption.kms`` is not ``aws``. modules/langfuse.py fills just these."""

LEFT_TO_THE_BUCKET = ("LANGFUSE_S3_MEDIA_UPLOAD_SSE", "LANGFUSE_S3_MEDIA_UPLOAD_SSE_KMS_KEY_ID")
"""With these, Langfuse signs S3's encryption headers into the URLs that browsers and SDKs upload media to. They do not
send the headers, so that S3 refuses each upload (SignatureDoesNotMatch). Source: getSignedUploadUrl in
packages/shared/src/server/services/StorageService.ts, and prepareRequest of @aws-sdk/s3-request-presigner.
"""

SHADOWING = {
    # packages/shared/src/server/redis/redis.ts: a cluster and sentinels come before REDIS_CONNECTION_STRING, the TLS
    # options are added to it, and the host is ignored beside it. Source files are those of langfuse/langfuse v4.16.0.
    r"REDIS_(?!ENABLE_AUTO_PIPELINING$|SOCKET_TIMEOUT_MS$|KEY_PREFIX$)\w+": FILLED["REDIS_CONNECTION_STRING"],
    # web/entrypoint.sh, packages/shared/prisma/schema.prisma
    r"DATABASE_\w+|DIRECT_URL|SHADOW_DATABASE_URL": FILLED["DATABASE_URL"],
    # packages/shared/src/server/services/StorageService.ts
    r"LANGFUSE_S3_(EVENT_UPLOAD|MEDIA_UPLOAD|BATCH_EXPORT)"
    r"_(ENABLED|ENDPOINT|EXTERNAL_ENDPOINT|FORCE_PATH_STYLE)": BUCKET,
    r"LANGFUSE_S3_(EVENT_UPLOAD|MEDIA_UPLOAD|BATCH_EXPORT)_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)": OWN_ROLE,
    r"LANGFUSE_(USE_)?(AZURE|GOOGLE_CLOUD_STORAGE|OCI)_\w+|LANGFUSE_USE_GOOGLE_CLOUD_STORAGE": BUCKET,
    # https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html: the role comes last.
    r"AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE"
    r"|CONTAINER_\w+)": OWN_ROLE,
    r"AWS_DEFAULT_REGION": FILLED["AWS_REGION"],
    r"AWS_ENDPOINT_URL(_S3)?": BUCKET,
    r"PORT": "the load balancer and the health checks use the ports 3000 and 3030",
    r"NODE_ENV": "the images set it to production",
    r"VERCEL|VERCEL_URL": FILLED["NEXTAUTH_URL"],  # web/src/env.mjs
    r"LANGFUSE_QUEUE_METRICS_ENABLED": FILLED["ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING"],
    # https://langfuse.com/self-hosting/configuration/custom-base-path, langfuse/langfuse#7679, #12524
    r"NEXT_PUBLIC_BASE_PATH": "it is part of the image: set langfuse.base_path, with an image that was built for it, or"
    " use a domain.name of its own",
    r"NEXT_PUBLIC_SIGN_UP_DISABLED": "browsers do not get it: set AUTH_DISABLE_SIGNUP",
    # web/src/server/auth.ts, web/src/features/entitlements/server/getPlan.ts
    r"NEXT_PUBLIC_LANGFUSE_CLOUD_REGION|AUTH_CLICKHOUSE_CLOUD_\w+": "it is for Langfuse's own cloud",
    r"NEXT_PUBLIC_\w+": "it is part of the image: browsers do not get another value",
}
"""By regular expression of variables that the stacks leave out, what to do instead."""


def encrypted_by_the_stacks(variable: str) -> str | None:
    """What to do instead of setting a variable while ``encryption.kms`` is not ``aws``."""
    if variable in FILLED_WITH_KEY:
        return "is filled by the stacks, with the key of encryption.kms: leave it out"
    if variable in LEFT_TO_THE_BUCKET:
        return "is not needed, since the bucket encrypts media with the key of encryption.kms: leave it out"
    return None


def instead_of(variable: str) -> str | None:
    """What to do instead of setting a variable, if it is filled by the stacks, or would shadow what they fill."""
    if variable in FILLED:
        return f"is filled by the stacks: {FILLED[variable]}"
    for pattern, instead in SHADOWING.items():
        if re.fullmatch(pattern, variable):
            return f"would go against what the stacks deploy: {instead}"
    return None
