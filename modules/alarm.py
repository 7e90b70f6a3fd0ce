"""A CloudWatch alarm with this project's habits."""

from collections.abc import Mapping
from typing import Literal

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

PERIOD_SECONDS = 60


def alarm(
    scope: Construct,
    id_: str,
    *,
    name: str,
    description: str,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"],
    threshold: float,
    topic_arn: str,
    minutes: int = 5,
    below: bool = False,
    silence_is_trouble: bool = False,
    remedy_arn: str | None = None,
) -> CloudwatchMetricAlarm:
    """Tells ``topic_arn`` when a metric was above (or, ``below``) the threshold for ``minutes``, and when that is over.

    Minutes without data count as fine, unless ``silence_is_trouble``. ``remedy_arn`` is an action that AWS takes too.
    """
    return CloudwatchMetricAlarm(
        scope,
        id_,
        alarm_name=name,
        alarm_description=description,
        namespace=namespace,
        metric_name=metric,
        dimensions=dict(dimensions),
        statistic=statistic,
        threshold=threshold,
        comparison_operator="LessThanThreshold" if below else "GreaterThanThreshold",
        period=PERIOD_SECONDS,
        evaluation_periods=minutes,
        treat_missing_data="breaching" if silence_is_trouble else "notBreaching",
        alarm_actions=[topic_arn, remedy_arn] if remedy_arn else [topic_arn],
        ok_actions=[topic_arn],
    )
