"""The geometry of a plot: where the lines, the axes and their labels are in the SVG."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import ceil, floor, log10
from typing import NamedTuple

from ops.metrics import PERIOD, Value
from ops.status_page.graphs import DAY, Graph

WIDTH, HEIGHT = 440, 190
LEFT, RIGHT, TOP, BOTTOM = 48, WIDTH - 16, 24, HEIGHT - 24
MEASURED = ("%", "s", "GiB")
"""The units of values that are no whole numbers."""
HOURS = 6
"""Between the labels of the time."""
TICKS = 4
"""About as many as there are labels of values."""


class Tick(NamedTuple):
    """A label of an axis, and where it is."""

    position: float
    label: str


class Plot(NamedTuple):
    """``lines`` has the path of each series, by its number; ``thresholds`` the heights of those that are in sight."""

    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: dict[int, str]
    thresholds: Sequence[Tick]


def plot(graph: Graph) -> Plot:
    """Places a graph that has values. The values' axis begins at 0; that of a share ends at 100 % or above."""
    values = [value.value for series in graph.series for value in series.values]
    highest = max([*values, 100 if graph.unit == "%" else 0])
    step = max(_step(highest), 0 if graph.unit in MEASURED else 1)
    top = max(ceil(highest / step), 1) * step

    def y(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)

    def x(value: Value) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((value.time - graph.start) / DAY), 1)

    def path(values: Sequence[Value]) -> Iterator[str]:
        previous = None
        for value in values:
            joined = previous is not None and value.time - previous <= PERIOD
            # Without a line to it, a value is a dot: a line of no length with round ends.
            yield f"{'L' if joined else 'M'}{x(value)} {y(value.value)}{'' if joined else 'h0'}"
            previous = value.time

    return Plot(
        list(_hours(graph)),
        [Tick(y(number * step), shown(number * step)) for number in range(round(top / step) + 1)],
        {number: "".join(path(series.values)) for number, series in enumerate(graph.series) if series.values},
        [Tick(y(value), label) for label, value in graph.thresholds.items() if value <= top],
    )


def shown(value: float) -> str:
    """The number with three digits or more: from ten thousand in thousands (k), from a million in millions (M)."""
    for divisor, letter in ((1_000_000, " M"), (1_000, " k")):
        if value >= max(divisor, 10_000):
            return f"{value / divisor:.3g}{letter}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _step(highest: float) -> float:
    """The distance of the labels: 1, 2 or 5 times a power of ten."""
    rough = highest / TICKS or 1
    power = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def _hours(graph: Graph) -> Iterator[Tick]:
    midnight = graph.start.replace(hour=0, minute=0)
    for number in range(48 // HOURS + 1):
        time = midnight + number * timedelta(hours=HOURS)
        if graph.start <= time <= graph.end:
            yield Tick(round(LEFT + (RIGHT - LEFT) * ((time - graph.start) / DAY), 1), f"{time:%H:%M}")
