"""The alarm for rows that are lost because ClickHouse refuses them."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.cloudwatch_log_metric_filter import (
    CloudwatchLogMetricFilter,
    CloudwatchLogMetricFilterMetricTransformation,
)
from constructs import Construct

from modules.alarm import alarm
from modules.langfuse import DROPPED_ROWS_LOG
from modules.metric import Metric
from modules.services.fargate_service import FargateService


class DroppedRows(Construct):
    """Counts the batches of rows that the workers drop, by what they log, with an alarm on the first.

    ``metric`` is their number.

    Args:
        name: what the names of the filter, the metric and the alarm start with.
        workers: the services with the worker's image.
        topic_arn: the SNS topic that the alarm notifies.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, workers: Sequence[FargateService], topic_arn: str
    ) -> None:
        super().__init__(scope, id_)
        self.metric = Metric("Langfuse/Logs", f"{name}-dropped-rows")
        for worker in workers:
            CloudwatchLogMetricFilter(
                self,
                "filter" if worker.node.id == "worker" else f"{worker.node.id}-filter",
                name=f"{name}-dropped-rows",
                log_group_name=worker.log_group_name,
                # A phrase, not a JSON pattern: a line that names a thousand rows may be cut before its JSON ends.
                pattern=f'"{DROPPED_ROWS_LOG}"',
                metric_transformation=CloudwatchLogMetricFilterMetricTransformation(
                    namespace=self.metric.namespace, name=self.metric.name, value="1"
                ),
            )
        alarm(
            self,
            "alarm",
            self.metric,
            above=0,
            statistic="Sum",
            minutes=1,
            name=f"{name}-dropped-rows",
            section="dropped-rows",
            description="ClickHouse refuses what the worker writes, and traces are lost: run ops logs worker --errors",
            topic_arn=topic_arn,
        )
