"""Alarms for the ingestion queues."""

from constructs import Construct

from modules.alarm import alarm
from modules.langfuse import QUEUES

MANY_JOBS = 10_000


class QueueAlarms(Construct):
    """An alarm per ingestion queue that stays long: a worker can hang while ECS shows it healthy.

    Args:
        name: what the alarms' names start with.
        topic_arn: the SNS topic that the alarms notify.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, topic_arn: str) -> None:
        super().__init__(scope, id_)
        for queue, waiting_jobs in QUEUES.items():
            alarm(
                self,
                queue,
                waiting_jobs,
                above=MANY_JOBS,
                statistic="Maximum",
                minutes=15,
                name=f"{name}-{queue.replace('_', '-')}-queue",
                description=f"Over {MANY_JOBS:,} jobs wait in {queue}: are the workers alive, is max_tasks reached?",
                topic_arn=topic_arn,
            )
