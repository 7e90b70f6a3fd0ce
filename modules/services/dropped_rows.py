"""The alarm for rows that are lost because ClickHouse refuses them."""

from cdktf_cdktf_provider_aws.cloudwatch_log_metric_filter import (
    CloudwatchLogMetricFilter,
    CloudwatchLogMetricFilterMetricTransformation,
)
from constructs import Construct

from modules.alarm import alarm
from modules.langfuse import DROPPED_ROWS_LOG
from modules.metric import Metric


class DroppedRows(Construct):
    """Counts the batches of rows that the worker drops, by what it logs, and an alarm on the first.

    ``metric`` is their number.

    Args:
        name: what the names of the filter, the metric and the alarm start with.
        log_group_name: the worker's log group.
        topic_arn: the SNS topic that the alarm notifies.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, log_group_name: str, topic_arn: str) -> None:
        super().__init__(scope, id_)
        self.metric = Metric("Langfuse/Logs", f"{name}-dropped-rows")
        CloudwatchLogMetricFilter(
            self,
            "filter",
            name=f"{name}-dropped-rows",
            log_group_name=log_group_name,
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
