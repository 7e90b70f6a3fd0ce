"""The contract with Langfuse's containers: images, ports, health checks, variables, bucket prefixes, queues.

Which variables are secrets is in ``settings/secret_variables.py``, and which metrics Langfuse publishes in
``settings/metrics.py``: ``ops`` needs both, without loading CDKTF.

Source: Langfuse 4.16.0's own schemas (packages/shared/src/env.ts, web/src/env.mjs, worker/src/env.ts) and the
entrypoints of its two images. ``python -m tests.contract`` reads the schemas again when the default version changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modules.metric import Metric
from settings.images import Image
from settings.metrics import METRIC_NAMESPACE, OTHER_QUEUE_DEPTHS, QUEUE_DEPTHS, SECONDARY_QUEUE_DEPTHS
from settings.secret_variables import WORKER_SECRETS
from settings.sections.langfuse import AUTH_PATH, CA_VARIABLE
from settings.sections.service_size import ServiceSize

EVENTS_PREFIX = "events/"
MEDIA_PREFIX = "media/"
EXPORTS_PREFIX = "exports/"
PREFIXES = (EVENTS_PREFIX, MEDIA_PREFIX, EXPORTS_PREFIX)

WEB_PORT = 3000
WEB_HEALTH_PATH = "/api/public/health"
WEB_READY_PATH = "/api/public/ready"
"""Answers 500 from the moment that a task is told to stop, so that the load balancer sends it no more requests."""
WORKER_PORT = 3030
WORKER_HEALTH_PATH = "/api/health?failIfEventPropagationStuck=true"
"""Also fails when the queue of events no longer moves, so that ECS replaces a worker that hangs."""

# Otherwise the load balancer would send requests into connections that web has just closed (502).
KEEP_ALIVE_BEYOND_IDLE_SECONDS = 50

CA_CERTIFICATES_FOLDER = "/ca-certificates"
CA_CERTIFICATES_FILE = f"{CA_CERTIFICATES_FOLDER}/certificates.pem"
"""What Node.js trusts beside the public certificate authorities: https://nodejs.org/api/cli.html#node_extra_ca_certsfile.
No other code of Langfuse has certificates of its own for what is outside the stacks (only Redis's)."""

MIGRATIONS_OFF = ("LANGFUSE_AUTO_POSTGRES_MIGRATION_DISABLED", "LANGFUSE_AUTO_CLICKHOUSE_MIGRATION_DISABLED")
"""What the entrypoint of web's image reads: web/entrypoint.sh."""

QUEUES = {queue: Metric(METRIC_NAMESPACE, metric_name) for queue, metric_name in QUEUE_DEPTHS.items()}
"""The number of jobs that wait in each ingestion queue. Every worker publishes it, so its statistic is Maximum."""
INGESTION_QUEUES = QUEUES | {queue: Metric(METRIC_NAMESPACE, name) for queue, name in SECONDARY_QUEUE_DEPTHS.items()}
"""Those, and the secondary ones."""
OTHER_QUEUES = {queue: Metric(METRIC_NAMESPACE, metric_name) for queue, metric_name in OTHER_QUEUE_DEPTHS.items()}
"""The number of jobs that wait in each further queue that a worker's number of tasks depends on."""

DROPPED_ROWS_LOG = "ClickhouseWriter: Max attempts reached, dropped"
"""What the worker logs when ClickHouse has refused rows three times and it drops them, for good. Nothing else shows it:
the queues are empty by then and the health checks succeed. Source: worker/src/services/ClickhouseWriter/index.ts, in
every version since 3.170.0."""


@dataclass(frozen=True, kw_only=True)
class LangfuseConfiguration:
    """The configuration that all services share.

    Args:
        web_image: web's image.
        worker_image: the worker's image.
        base_path: the path that web's image was built for, such as ``/langfuse``; empty for Langfuse's own image.
        ca_certificate_secret_arn: the secret with certificates that the containers trust too. With None, there is none.
        variables: the variables that an environment adds.
        secrets: the ARN of the secret of each secret variable that an environment adds.
        secret_key_arns: the KMS keys of those secrets, where they are not Secrets Manager's default key.
        region: the AWS region.
        url: the origin that users' browsers show.
        idle_timeout_seconds: when the load balancer closes idle connections.
        redis_url: Redis's connection string.
        bucket_name: the bucket for events, media and exports.
        bucket_key_arn: the KMS key that encrypts its objects, or None for a key that S3 manages.
        clickhouse_cluster_enabled: whether ClickHouse is a replicated cluster.
        publishes_metrics: whether the worker publishes its metrics to CloudWatch.
        secret_arns: the ARN of the secret of each secret variable that the stacks fill. Web gets all of them.
    """

    web_image: Image
    worker_image: Image
    base_path: str
    ca_certificate_secret_arn: str | None
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    secret_key_arns: Sequence[str]
    region: str
    url: str
    idle_timeout_seconds: int
    redis_url: str
    bucket_name: str
    bucket_key_arn: str | None
    clickhouse_cluster_enabled: bool
    publishes_metrics: bool
    secret_arns: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Container:
    """The container of a task.

    Args:
        image: the image.
        port: the TCP port that it listens on.
        health_path: the path that answers 200 on that port while the container is healthy.
        variables: its environment variables.
        secret_arns: the ARN of the secret that each of its further variables comes from.
        secret_key_arns: the KMS keys of those secrets, where they are not Secrets Manager's default key.
        ca_certificate_secret_arn: the secret with certificates that it trusts too. With None, there is none.
        log_stream_prefix: what the names of its log streams start with.
    """

    image: Image
    port: int
    health_path: str
    variables: Mapping[str, str]
    secret_arns: Mapping[str, str]
    secret_key_arns: Sequence[str]
    ca_certificate_secret_arn: str | None
    log_stream_prefix: str


def web_container(configuration: LangfuseConfiguration, size: ServiceSize, *, migrates: bool = True) -> Container:
    """The container that serves the user interface and the API.

    It migrates the databases when it starts, unless ``migrates`` is false: two at the same time leave them dirty
    (langfuse/langfuse#13321).
    """
    keep_alive_seconds = configuration.idle_timeout_seconds + KEEP_ALIVE_BEYOND_IDLE_SECONDS
    own = {"KEEP_ALIVE_TIMEOUT": str(keep_alive_seconds * 1000)}
    if not migrates:
        own |= dict.fromkeys(MIGRATIONS_OFF, "true")
    return Container(
        image=configuration.web_image,
        port=WEB_PORT,
        health_path=f"{configuration.base_path}{WEB_HEALTH_PATH}",
        variables=_variables(configuration, size, own),
        secret_arns=_secret_arns(configuration, configuration.secret_arns),
        secret_key_arns=configuration.secret_key_arns,
        ca_certificate_secret_arn=configuration.ca_certificate_secret_arn,
        log_stream_prefix="LangfuseWeb",
    )


def worker_container(
    configuration: LangfuseConfiguration, size: ServiceSize, *, consumers_off: Iterable[str] = ()
) -> Container:
    """The container that processes the queues and the exports, and publishes the queues' length.

    It leaves the queues of ``consumers_off``, the variables of their consumers, to another service.
    """
    return Container(
        image=configuration.worker_image,
        port=WORKER_PORT,
        health_path=WORKER_HEALTH_PATH,
        variables=_variables(
            configuration,
            size,
            {
                "ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING": _flag(configuration.publishes_metrics),
                "LANGFUSE_S3_BATCH_EXPORT_ENABLED": "true",
                "LANGFUSE_S3_BATCH_EXPORT_PREFIX": EXPORTS_PREFIX,
                **_encryption("LANGFUSE_S3_BATCH_EXPORT", configuration.bucket_key_arn),
                **dict.fromkeys(consumers_off, "false"),
            },
        ),
        secret_arns=_secret_arns(configuration, WORKER_SECRETS),
        secret_key_arns=configuration.secret_key_arns,
        ca_certificate_secret_arn=configuration.ca_certificate_secret_arn,
        log_stream_prefix="LangfuseWorker",
    )


def _variables(configuration: LangfuseConfiguration, size: ServiceSize, own: Mapping[str, str]) -> dict[str, str]:
    """The variables of the settings, those of both containers, and a container's own.

    settings/variables/filled.py names what is filled here: the settings of an environment may not have it.
    """
    region, bucket_name, base_path = configuration.region, configuration.bucket_name, configuration.base_path
    return {
        **configuration.variables,
        "NEXTAUTH_URL": configuration.url + (f"{base_path}{AUTH_PATH}" if base_path else ""),
        "REDIS_CONNECTION_STRING": configuration.redis_url,
        "CLICKHOUSE_CLUSTER_ENABLED": _flag(configuration.clickhouse_cluster_enabled),
        "LANGFUSE_S3_EVENT_UPLOAD_BUCKET": bucket_name,
        "LANGFUSE_S3_EVENT_UPLOAD_REGION": region,
        "LANGFUSE_S3_EVENT_UPLOAD_PREFIX": EVENTS_PREFIX,
        **_encryption("LANGFUSE_S3_EVENT_UPLOAD", configuration.bucket_key_arn),
        # Not of media, which browsers and SDKs upload: settings/variables/filled.py. The bucket encrypts them.
        "LANGFUSE_S3_MEDIA_UPLOAD_BUCKET": bucket_name,
        "LANGFUSE_S3_MEDIA_UPLOAD_REGION": region,
        "LANGFUSE_S3_MEDIA_UPLOAD_PREFIX": MEDIA_PREFIX,
        # With these, web signs a new link whenever a user downloads an export: docs/differences.md.
        "LANGFUSE_S3_BATCH_EXPORT_BUCKET": bucket_name,
        "LANGFUSE_S3_BATCH_EXPORT_REGION": region,
        # Otherwise the servers listen on the container's name only, and health checks on 127.0.0.1 fail.
        "HOSTNAME": "0.0.0.0",  # noqa: S104
        "AWS_REGION": region,
        "LANGFUSE_LOG_FORMAT": "json",
        "NODE_OPTIONS": f"--max-old-space-size={size.node_heap_mib}",
        **_trust(configuration),
        **own,
    }


def _trust(configuration: LangfuseConfiguration) -> dict[str, str]:
    return {CA_VARIABLE: CA_CERTIFICATES_FILE} if configuration.ca_certificate_secret_arn else {}


def _encryption(bucket: str, key_arn: str | None) -> dict[str, str]:
    return {f"{bucket}_SSE": "aws:kms", f"{bucket}_SSE_KMS_KEY_ID": key_arn} if key_arn else {}


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _secret_arns(configuration: LangfuseConfiguration, variables: Iterable[str]) -> dict[str, str]:
    # In an order of their own: that of ARNs which Terraform does not know yet depends on all the rest of the stacks.
    stacks = {name: configuration.secret_arns[name] for name in variables}
    return {**stacks, **dict(sorted(configuration.secrets.items()))}
