"""What CloudWatch has measured."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ops.environment import Environment
from settings import clickhouse_metrics

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDataQueryTypeDef, MetricStatTypeDef

PERIOD = timedelta(minutes=5)
"""Of each value in ``over``."""


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


def newest_of_clickhouse(environment: Environment, name: str, *, minutes: int) -> Measured | None:
    """The newest value of a metric of ``settings.clickhouse_metrics``; None if it has none in the last ``minutes``."""
    dimensions = clickhouse_metrics.dimensions(name, environment.name)
    return newest_maximum(
        environment, clickhouse_metrics.METRIC_NAMESPACE, name, minutes=minutes, dimensions=dimensions
    )


class Query(NamedTuple):
    """A metric, and the statistic that makes one value of those of a period. ``region`` is the one that has it."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    region: str


class Value(NamedTuple):
    """A value of a metric in the period that starts at a time."""

    time: datetime
    value: float


def over(environment: Environment, start: datetime, end: datetime, queries: Sequence[Query]) -> list[list[Value]]:
    """The values of each query in each period of five minutes that has any, by time. Both times are multiples of that.

    CloudWatch is asked once per Region, and once more for each 100,800 values.
    """
    found: list[list[Value]] = [[] for _ in queries]
    for region in dict.fromkeys(query.region for query in queries):
        cloudwatch = environment.session.client("cloudwatch", region_name=region)
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[
                _metric_data_query(number, query) for number, query in enumerate(queries) if query.region == region
            ],
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampAscending",
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                times = (time.astimezone(UTC) for time in result["Timestamps"])
                found[int(result["Id"].removeprefix("m"))] += map(Value, times, result["Values"])
    return found


def _metric_data_query(number: int, query: Query) -> "MetricDataQueryTypeDef":
    dimensions: list[DimensionTypeDef] = [{"Name": name, "Value": value} for name, value in query.dimensions.items()]
    values: MetricStatTypeDef = {
        "Metric": {"Namespace": query.namespace, "MetricName": query.name, "Dimensions": dimensions},
        "Period": int(PERIOD.total_seconds()),
        "Stat": query.statistic,
    }
    return {"Id": f"m{number}", "MetricStat": values}
