"""Names of the CloudWatch metrics that Langfuse's worker publishes, for the alarms, the dashboard and ``ops``."""

METRIC_NAMESPACE = "Langfuse"
"""Langfuse publishes without dimensions, so environments in the same account and Region share these metrics."""
QUEUE_DEPTHS = {
    "otel_ingestion": "langfuse.queue.otel_ingestion.depth.shard_all.type_waiting",
    "ingestion": "langfuse.queue.ingestion.depth.shard_all.type_waiting",
}
"""Number of jobs that wait in each ingestion queue. Every worker that takes jobs from a queue publishes the same number
every 30 seconds, zeros included, so use the statistic Maximum. A worker whose consumer of a queue is switched off
publishes nothing of it. Source: worker/src/features/queue-metrics-runner and
packages/shared/src/server/instrumentation, in 3.170.0 as in 4.16.0."""
SECONDARY_QUEUE_DEPTHS = {
    "secondary_otel_ingestion": "langfuse.queue.secondary_otel_ingestion.depth.shard_all.type_waiting",
    "secondary_ingestion": "langfuse.queue.secondary_ingestion.depth.shard_all.type_waiting",
}
"""The same of the secondary ingestion queues, which have metrics of their own. They are empty unless
``LANGFUSE_SECONDARY_INGESTION_QUEUE_ENABLED_PROJECT_IDS`` names projects. 3.170.0 has the second one only."""
OTHER_QUEUE_DEPTHS = {
    "trace_upsert": "langfuse.queue.trace_upsert.depth.shard_all.type_waiting",
    "evaluation_execution": "langfuse.queue.evaluation_execution.depth.shard_all.type_waiting",
    "secondary_evaluation_execution": "langfuse.queue.secondary_evaluation_execution.depth.shard_all.type_waiting",
    "llm_as_a_judge_execution": "langfuse.queue.llm_as_a_judge_execution.depth.shard_all.type_waiting",
    "code_eval_execution": "langfuse.queue.code_eval_execution.depth.shard_all.type_waiting",
}
"""The same of the other queues in which more workers do more jobs at a time: with the four of ingestion, those that
Langfuse divides into shards (worker/src/queues/shardedQueueRegistry.ts). Left out are the queues that all workers
together take a few jobs from, however many workers there are (deletions, creation of evaluations, exports,
integrations: ``limiter`` in worker/src/app.ts), and those with a job at a time or on a schedule (event propagation)."""


def queue_alarm_name(prefix: str, queue: str) -> str:
    """The name of the alarm on a queue, in the environment whose names have the prefix."""
    return f"{prefix}-{queue.replace('_', '-')}-queue"
