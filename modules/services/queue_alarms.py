"""Alarms for the ingestion queues."""

from collections.abc import Mapping

from constructs import Construct

from modules.alarm import alarm
from modules.metric import Metric
from settings.metrics import queue_alarm_name

MANY_JOBS = 10_000


class QueueAlarms(Construct):
    """An alarm per ingestion queue that stays long: a worker can hang while ECS shows it healthy.

    Args:
        queues: the number of jobs that wait, by the name of the queue.
        name: what the alarms' names start with.
        topic_arn: the SNS topic that the alarms notify.
    """

    def __init__(self, scope: Construct, id_: str, queues: Mapping[str, Metric], *, name: str, topic_arn: str) -> None:
        super().__init__(scope, id_)
        for queue, waiting_jobs in queues.items():
            alarm_name = queue_alarm_name(name, queue)
            alarm(
                self,
                queue,
                waiting_jobs,
                above=MANY_JOBS,
                statistic="Maximum",
                minutes=15,
                name=alarm_name,
                section=alarm_name.removeprefix(f"{name}-"),
                description=f"Over {MANY_JOBS:,} jobs wait in {queue}: are the workers alive, is max_tasks reached",
                topic_arn=topic_arn,
            )
