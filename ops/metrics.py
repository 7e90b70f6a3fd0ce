"""What CloudWatch has measured."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ops.environment import Environment


class Measured(NamedTuple):
    """The maximum of a metric in one minute."""

    maximum: float
    time: datetime


def newest_maximum(
    environment: Environment, namespace: str, name: str, *, minutes: int, dimensions: Mapping[str, str] | None = None
) -> Measured | None:
    """The newest value of a metric; None if it has none in the last ``minutes``."""
    now = datetime.now(UTC)
    datapoints = environment.session.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in (dimensions or {}).items()],
        StartTime=now - timedelta(minutes=minutes),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    if not datapoints:
        return None
    newest = max(datapoints, key=lambda datapoint: datapoint["Timestamp"])
    return Measured(newest["Maximum"], newest["Timestamp"].astimezone(UTC))
