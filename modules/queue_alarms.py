"""What tells that the workers fall behind."""

from constructs import Construct

from modules.alarm import alarm
from settings.metrics import METRIC_NAMESPACE, QUEUE_DEPTHS

MANY_JOBS = 10_000


class QueueAlarms(Construct):
    """One alarm for each ingestion queue that stays long: a worker can hang while ECS shows it healthy."""

    def __init__(self, scope: Construct, id_: str, *, name: str, topic_arn: str) -> None:
        super().__init__(scope, id_)
        for queue, metric in QUEUE_DEPTHS.items():
            alarm(
                self,
                queue,
                name=f"{name}-{queue.replace('_', '-')}-queue",
                description=f"Over {MANY_JOBS:,} jobs wait in {queue}: are the workers alive, is max_tasks reached?",
                namespace=METRIC_NAMESPACE,
                metric=metric,
                dimensions={},
                statistic="Maximum",
                threshold=MANY_JOBS,
                minutes=15,
                topic_arn=topic_arn,
            )
