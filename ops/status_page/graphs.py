"""The graphs of the CloudWatch dashboard, with what CloudWatch has measured in the last day."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.environment import Environment, OpsError
from ops.metrics import PERIOD, Query, Value, over
from ops.parts import Row

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
GIB = 1024**3
STATISTICS = {
    "Average": "average of 5 minutes",
    "Maximum": "highest of 5 minutes",
    "Minimum": "lowest of 5 minutes",
    "p95": "95th percentile of 5 minutes",
    "SampleCount": "average of 5 minutes",
}
TITLE_WITH_UNIT = re.compile(r"(?P<title>.+) \((?P<unit>.+)\)")


class Series(NamedTuple):
    """The values of a metric, by time."""

    label: str
    values: Sequence[Value]


class Graph(NamedTuple):
    """Series with a common axis.

    Args:
        title: what is measured.
        unit: the unit of the values, in words if they count something.
        statistic: how the values of five minutes became one, in words; empty if they were added up.
        start: the start of the first period.
        end: the end of the last one.
        series: the series. One without values has none in the last day.
        absent: what that means.
        thresholds: by what is said of it, each value at which an alarm goes off. An alarm that adds up the values of
            another time has none here.
    """

    title: str
    unit: str
    statistic: str
    start: datetime
    end: datetime
    series: Sequence[Series]
    absent: str
    thresholds: Mapping[str, float]


class Widget(NamedTuple):
    """A graph of the dashboard. Without a unit, its values count something. ``queries`` has its metrics by label."""

    title: str
    unit: str
    statistic: str
    queries: Mapping[str, Query]


def graphs(environment: Environment, alarms: Iterable[Row], now: datetime) -> list[Graph]:
    """Reads the dashboard, and asks CloudWatch for the day before ``now`` of every metric in it.

    Raises:
        OpsError: if the dashboard is not as this project makes it.
    """
    widgets = _widgets(environment)
    end = datetime.fromtimestamp(now.timestamp() // PERIOD.total_seconds() * PERIOD.total_seconds(), UTC)
    queries = [query for widget in widgets for query in widget.queries.values()]
    values = iter(over(environment, end - DAY, end, queries))
    described = [row.alarm for row in alarms if row.alarm]
    return [_graph(widget, [next(values) for _ in widget.queries], described, end) for widget in widgets]


def _widgets(environment: Environment) -> list[Widget]:
    name = environment.settings.global_prefix
    body = environment.session.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    try:
        return [_widget(widget["properties"]) for widget in json.loads(body)["widgets"]]
    except (AttributeError, LookupError, TypeError, ValueError):
        raise OpsError(
            f"the dashboard {name} is another version's, or was changed by hand: {environment.deploy_command} mends it"
        ) from None


def _widget(properties: Mapping[str, Any]) -> Widget:
    statistic = properties["stat"]
    queries = {}
    for namespace, name, *dimensions, options in properties["metrics"]:
        pairs = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        region = options.get("region", properties["region"])
        queries[options["label"]] = Query(namespace, name, pairs, statistic, region)
    with_unit = TITLE_WITH_UNIT.fullmatch(properties["title"])
    title, unit = with_unit.groups() if with_unit else (properties["title"], "")
    return Widget(title, unit, statistic, queries)


def _graph(
    widget: Widget, values: Sequence[Sequence[Value]], alarms: "Iterable[MetricAlarmTypeDef]", end: datetime
) -> Graph:
    is_sum = widget.statistic == "Sum"
    unit, divisor = ("GiB", GIB) if widget.unit == "bytes" else (widget.unit, 1)
    minutes = PERIOD / MINUTE if widget.statistic == "SampleCount" else 1
    filled = [_with_zeros(found, end) if is_sum else found for found in values]
    series = [
        Series(label, [Value(time, value / divisor / minutes) for time, value in found])
        for label, found in zip(widget.queries, filled, strict=True)
    ]
    thresholds = {
        f"alarm {_side(alarm)} {alarm['Threshold'] / divisor:,g} {unit}".strip(): alarm["Threshold"] / divisor
        for alarm in alarms
        if _is_of(alarm, widget)
    }
    counted, absent = ("per 5 minutes", "none") if is_sum else ("number", "no data")
    statistic = "" if is_sum else STATISTICS.get(widget.statistic, widget.statistic)
    return Graph(widget.title, unit or counted, statistic, end - DAY, end, series, absent, thresholds)


def _side(alarm: "MetricAlarmTypeDef") -> str:
    return "above" if "Greater" in alarm["ComparisonOperator"] else "below"


def _with_zeros(values: Sequence[Value], end: datetime) -> Sequence[Value]:
    """Fills the periods without values: what is added up is published only where there is some.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    if not values:
        return values
    known = dict(values)
    times = [end - DAY + number * PERIOD for number in range(DAY // PERIOD)]
    return [Value(time, known.get(time, 0)) for time in times]


def _is_of(alarm: "MetricAlarmTypeDef", widget: Widget) -> bool:
    """Whether the alarm compares what the graph shows. A sum of one minute is not one of five."""
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", [])}
    metric = (alarm.get("Namespace"), alarm.get("MetricName"), dimensions, alarm.get("Statistic"))
    return widget.statistic != "Sum" and any(query[:4] == metric for query in widget.queries.values())
