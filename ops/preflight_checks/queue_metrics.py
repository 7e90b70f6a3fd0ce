"""Whether another environment publishes the same queue metrics."""

from collections.abc import Iterator

from ops.environment import Environment
from ops.findings import Finding, Verdict, finding
from settings.metrics import METRIC_NAMESPACE, QUEUE_DEPTHS, queue_alarm_name


def queue_metrics(environment: Environment) -> Iterator[Finding]:
    """No other environment has alarms on the metrics of the queues, which all of an account and Region share."""
    settings = environment.settings
    if not settings.alarms.queue_metrics:
        return
    cloudwatch = environment.session.client("cloudwatch")
    own = {queue_alarm_name(settings.prefix, queue) for queue in QUEUE_DEPTHS}
    others = sorted(
        alarm["AlarmName"]
        for metric in QUEUE_DEPTHS.values()
        for alarm in cloudwatch.describe_alarms_for_metric(MetricName=metric, Namespace=METRIC_NAMESPACE)[
            "MetricAlarms"
        ]
        if alarm["AlarmName"] not in own
    )
    yield finding(
        "queue metrics",
        not others,
        f"{', '.join(others)}: each queue scales and alarms both environments" if others else "no other has them",
        "`alarms.queue_metrics = false` in one of the two, such as a trial (docs/several-environments.md)",
        otherwise=Verdict.WARNING,
    )
