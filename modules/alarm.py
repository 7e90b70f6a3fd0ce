"""A CloudWatch alarm as every construct of this project makes it."""

from typing import Literal

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

from modules.metric import Metric

PERIOD_SECONDS = 60


def alarm(
    scope: Construct,
    id_: str,
    metric: Metric,
    *,
    name: str,
    section: str,
    description: str,
    statistic: Literal["Average", "Maximum", "Minimum", "SampleCount", "Sum"],
    topic_arn: str,
    above: float | None = None,
    below: float | None = None,
    minutes: int = 5,
    missing: Literal["breaching", "missing", "notBreaching"] = "notBreaching",
    ec2_action_arn: str | None = None,
) -> CloudwatchMetricAlarm:
    """Makes an alarm that notifies ``topic_arn`` when it goes off and when it is over.

    Args:
        scope: the construct that the alarm is part of.
        id_: its id there.
        metric: what is measured, by the attribute of its resource: ``postgres.cpu``.
        name: the alarm's name.
        section: its heading in docs/alarms.md, which its description ends with: what to look at and what to do.
        description: what is wrong and what to do first, for whoever is paged, without a full stop.
        statistic: how the values of a minute become one.
        topic_arn: the SNS topic.
        above: the alarm goes off when the metric is above this. Give this or ``below``.
        below: the alarm goes off when the metric is below this.
        minutes: for how many minutes in a row. By default 5.
        missing: what minutes without data count as. By default ``notBreaching``: they count as right. With
            ``breaching``, they count as wrong. With ``missing``, the alarm also notifies when there is no data any
            more, and its state becomes INSUFFICIENT_DATA. That is the first state of every alarm, so a metric that is
            yet to come notifies nobody.
        ec2_action_arn: an EC2 action that AWS takes as well. By default none.

    Raises:
        ValueError: if not exactly one of ``above`` and ``below`` is given.
    """
    if (above is None) == (below is None):
        raise ValueError(f"the alarm {name} needs either above or below")
    return CloudwatchMetricAlarm(
        scope,
        id_,
        alarm_name=name,
        alarm_description=f"{description}; see docs/alarms.md#{section}",
        namespace=metric.namespace,
        metric_name=metric.name,
        dimensions=dict(metric.dimensions),
        statistic=statistic,
        threshold=below if above is None else above,
        comparison_operator="LessThanThreshold" if above is None else "GreaterThanThreshold",
        period=PERIOD_SECONDS,
        evaluation_periods=minutes,
        treat_missing_data=missing,
        alarm_actions=[topic_arn, ec2_action_arn] if ec2_action_arn else [topic_arn],
        ok_actions=[topic_arn],
        insufficient_data_actions=[topic_arn] if missing == "missing" else None,
    )
