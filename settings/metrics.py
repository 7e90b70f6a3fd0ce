"""Names of the CloudWatch metrics that Langfuse's worker publishes, for the alarms, the dashboard and ``ops``."""

METRIC_NAMESPACE = "Langfuse"
"""Langfuse publishes without dimensions, so environments in the same account and Region share these metrics."""
QUEUE_DEPTHS = {
    "otel_ingestion": "langfuse.queue.otel_ingestion.depth.shard_all.type_waiting",
    "ingestion": "langfuse.queue.ingestion.depth.shard_all.type_waiting",
}
"""Number of jobs that wait in each queue. Every worker publishes the same number, so use the statistic Maximum."""


def queue_alarm_name(prefix: str, queue: str) -> str:
    """The name of the alarm on a queue, in the environment whose names have the prefix."""
    return f"{prefix}-{queue.replace('_', '-')}-queue"
