"""The alarms."""

from settings.aws_names import (
    EmailAddress,
)
from settings.section import Section


class Alarms(Section):
    """Who is notified when an alarm changes its state, and whether Langfuse's queues are measured for alarms."""

    email: EmailAddress | None = None
    """Address that is subscribed to the SNS topic of all alarms; AWS first asks it to confirm. By default, nobody is
    subscribed."""
    queue_metrics: bool = True
    """Whether the worker publishes its metrics to CloudWatch, about 200 custom metrics for about 60 USD a month
    (docs/shapes.md). Without them, the queues have no alarms and no graph, ``ops status`` does not show them, and
    autoscaling of the worker follows its CPU use alone."""
