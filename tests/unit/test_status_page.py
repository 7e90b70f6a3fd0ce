"""Tests of what the page of ``ops status --html`` is made of. tests/browser opens the page."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.metrics import PERIOD, Value
from ops.status_page.graphs import DAY, Graph, Series, graphs
from ops.status_page.plot import BOTTOM, TOP, plot, shown
from tests.unit.small_deployment import SmallDeployment

END = datetime(2026, 11, 26, 12, 5, tzinfo=UTC)


def graph(*values: float | None, unit: str = "number", **thresholds: float) -> Graph:
    """A graph of the last values of the day, with a gap for each None."""
    first = END - len(values) * PERIOD
    found = [Value(first + number * PERIOD, value) for number, value in enumerate(values) if value is not None]
    return Graph("Jobs", unit, "", END - DAY, END, [Series("jobs", found)], "no data", thresholds)


def test_a_gap_is_not_bridged() -> None:
    line = plot(graph(1, 2, None, 3, None, 2, 1)).lines[0]
    assert [part.count("L") for part in line.split("M")[1:]] == [1, 0, 1]


@pytest.mark.parametrize("values", [(0, 0), (0.0004, 0.0009), (1, 2), (7, 93), (130,), (12_345_678,), (0, 10**8)])
@pytest.mark.parametrize("unit", ["number", "%", "s"])
def test_every_value_is_between_labels(values: tuple[float, ...], unit: str) -> None:
    placed = plot(graph(*values, unit=unit))
    labels = [tick.label for tick in placed.y_ticks]
    assert 2 <= len(labels) <= 7
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) <= 6
    heights = [tick.position for tick in placed.y_ticks]
    assert (max(heights), min(heights)) == (BOTTOM, TOP)
    line = [
        float(point.partition(" ")[2].rstrip("h0") or 0) for point in placed.lines[0].replace("L", "M").split("M")[1:]
    ]
    assert all(TOP <= height <= BOTTOM for height in line if height)


def test_only_a_threshold_in_sight_is_drawn() -> None:
    assert [tick.label for tick in plot(graph(5, 8, near=6, far=10_000)).thresholds] == ["near"]
    assert [tick.label for tick in plot(graph(5, 8, unit="%", near=90)).thresholds] == ["near"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (2, "2"),
        (0.1234, "0.123"),
        (99.94, "99.9"),
        (9999, "9,999"),
        (12_345, "12.3 k"),
        (2_000_000, "2 M"),
    ],
)
def test_how_a_value_is_shown(value: float, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            '{"widgets": [{"type": "text", "properties": {"markdown": "ours"}}]}',
            "the dashboard langfuse-dev is another version&#39;s, or was changed by hand",
        ),
        # As releases without labels made it.
        (
            '{"widgets": [{"properties": {"title": "a", "stat": "Sum", "region": "a", "metrics": [["a", "b"]]}}]}',
            "is another version&#39;s",
        ),
        ('{"widgets": [{"properties": {"title": "a", "stat": "Sum", "metrics": [["a"]]}}]}', "was changed by hand"),
        (None, "AWS refused GetDashboard"),
    ],
)
def test_without_the_dashboard_the_rest_is_shown(
    body: str | None, says: str, deployment: SmallDeployment, tmp_path: Path
) -> None:
    cloudwatch = deployment.client("cloudwatch")
    cloudwatch.put_dashboard(DashboardName="langfuse-dev", DashboardBody=body or "{}")
    if body is None:
        cloudwatch.delete_dashboards(DashboardNames=["langfuse-dev"])
    page = tmp_path / "page.html"
    # Without Node.js, no time is spent on the picture.
    ran = deployment.ops("status", "--html", str(page), JSII_NODE="/nowhere/node")
    assert ran.returncode == 0, ran.stderr
    text = page.read_text()
    assert "There are no plots: " in text
    assert says in text
    assert "There is no picture: the stacks can&#39;t be synthesized" in text
    assert '<th scope="row">ClickHouse</th>' in text


def test_the_number_of_tasks_is_that_of_the_samples_of_a_minute(deployment: SmallDeployment) -> None:
    cloudwatch = deployment.client("cloudwatch")
    now = datetime.now(UTC)
    for minute in range(10, 20):
        for percent in (20, 60, 70):
            datum = {"MetricName": "CPUUtilization", "Timestamp": now - timedelta(minutes=minute), "Value": percent}
            cloudwatch.put_metric_data(Namespace="Tests", MetricData=[datum])
    row = ["Tests", "CPUUtilization", {"label": "web"}]
    properties = {"title": "Tasks", "stat": "SampleCount", "region": "us-east-1", "period": 60, "metrics": [row]}
    cloudwatch.put_dashboard(
        DashboardName="langfuse-dev", DashboardBody=json.dumps({"widgets": [{"properties": properties}]})
    )
    (tasks,) = graphs(deployment.environment(), [], now)
    (web,) = tasks.series
    # Only the periods of five minutes within the ten minutes have all their samples.
    assert max(value for _, value in web.values) == 3
    assert (tasks.unit, tasks.statistic) == ("number", "average of 5 minutes")
