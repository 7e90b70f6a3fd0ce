"""The metrics that Langfuse's worker publishes, by the names that alarms, dashboard and operator look them up."""

METRIC_NAMESPACE = "Langfuse"
"""In CloudWatch, without dimensions: two environments of one account and region share it."""
QUEUE_DEPTHS = {
    "otel_ingestion": "langfuse.queue.otel_ingestion.depth.shard_all.type_waiting",
    "ingestion": "langfuse.queue.ingestion.depth.shard_all.type_waiting",
}
"""The jobs that wait for a worker. Every worker publishes the same depth, so the statistic is Maximum."""
