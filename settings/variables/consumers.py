"""The variables that switch off what a worker consumes, so that each queue is left to one service.

A job goes to one of the workers that consume its queue. So a version of Langfuse that does not know one of these
variables, or has further ones, loses nothing and does nothing twice: both services then process that queue. What a
worker runs without such a variable takes a lock in Redis (PeriodicExclusiveRunner), or one in PostgreSQL
(BackgroundMigrationManager), since any number of workers may run: worker/src/app.ts of Langfuse 3.170.0 and 4.16.0.
"""

from collections.abc import Iterable

from settings.variables.rules import contract

INGESTION_CONSUMERS = tuple(
    f"QUEUE_CONSUMER_{queue}_QUEUE_IS_ENABLED"
    for queue in ("INGESTION", "INGESTION_SECONDARY", "OTEL_INGESTION", "OTEL_INGESTION_SECONDARY")
)
"""Those of the queues that ``worker_ingestion`` processes. 3.170.0 has no secondary queue of OpenTelemetry."""


def other_consumers(given: Iterable[str]) -> list[str]:
    """Those of all other queues that Langfuse has, and those among the variables that an environment is given.

    A newer Langfuse may want one service alone to have a consumer, as that of QUEUE_CONSUMER_EVENTS_DISPATCH_QUEUE:
    https://langfuse.com/self-hosting/configuration/topics.
    """
    consumers = {name for name in {*contract().variables, *given} if name.startswith("QUEUE_CONSUMER_")}
    return sorted(consumers.difference(INGESTION_CONSUMERS))
