"""The contract with Langfuse's containers: which variables, which bucket prefixes.

Which of the variables are secrets is in ``settings/variables.py``, for operators fill some of them.

Source: Langfuse 4.16.0's own schemas (packages/shared/src/env.ts, web/src/env.mjs, worker/src/env.ts) and the
entrypoints of its two images. Check them again when the default version moves.
"""

from settings import Settings

EVENTS_PREFIX = "events/"
MEDIA_PREFIX = "media/"
EXPORTS_PREFIX = "exports/"
PREFIXES = (EVENTS_PREFIX, MEDIA_PREFIX, EXPORTS_PREFIX)

WEB_PORT = 3000
WORKER_PORT = 3030

LOAD_BALANCER_IDLE_SECONDS = 60
# Longer than the load balancer's, or it sends requests into connections that web just closed: stray 502s.
KEEP_ALIVE_MILLISECONDS = 110_000


def web_variables(settings: Settings, *, url: str, redis_url: str, bucket_name: str) -> dict[str, str]:
    """What the web container gets in clear. ``url`` is what the browser's address line shows."""
    return {
        **_shared_variables(settings, url=url, redis_url=redis_url, bucket_name=bucket_name),
        "NODE_OPTIONS": f"--max-old-space-size={settings.web.node_heap_mib}",
        "KEEP_ALIVE_TIMEOUT": str(KEEP_ALIVE_MILLISECONDS),
        **settings.langfuse.environment,
    }


def worker_variables(settings: Settings, *, url: str, redis_url: str, bucket_name: str) -> dict[str, str]:
    """What the worker container gets in clear."""
    return {
        **_shared_variables(settings, url=url, redis_url=redis_url, bucket_name=bucket_name),
        "NODE_OPTIONS": f"--max-old-space-size={settings.worker.node_heap_mib}",
        "ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING": "true",
        **settings.langfuse.environment,
    }


def _shared_variables(settings: Settings, *, url: str, redis_url: str, bucket_name: str) -> dict[str, str]:
    region = settings.region
    return {
        "NEXTAUTH_URL": url,
        "REDIS_CONNECTION_STRING": redis_url,
        "CLICKHOUSE_CLUSTER_ENABLED": str(settings.clickhouse.cluster_enabled).lower(),
        "LANGFUSE_S3_EVENT_UPLOAD_BUCKET": bucket_name,
        "LANGFUSE_S3_EVENT_UPLOAD_REGION": region,
        "LANGFUSE_S3_EVENT_UPLOAD_PREFIX": EVENTS_PREFIX,
        "LANGFUSE_S3_MEDIA_UPLOAD_BUCKET": bucket_name,
        "LANGFUSE_S3_MEDIA_UPLOAD_REGION": region,
        "LANGFUSE_S3_MEDIA_UPLOAD_PREFIX": MEDIA_PREFIX,
        "LANGFUSE_S3_BATCH_EXPORT_ENABLED": "true",
        "LANGFUSE_S3_BATCH_EXPORT_BUCKET": bucket_name,
        "LANGFUSE_S3_BATCH_EXPORT_REGION": region,
        "LANGFUSE_S3_BATCH_EXPORT_PREFIX": EXPORTS_PREFIX,
        # Otherwise the servers bind the container's name, and probes on 127.0.0.1 fail.
        "HOSTNAME": "0.0.0.0",  # noqa: S104
        "AWS_REGION": region,
        "LANGFUSE_LOG_FORMAT": "json",
    }
