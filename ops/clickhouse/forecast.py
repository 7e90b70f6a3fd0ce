"""When ClickHouse's volume will be full, if its use goes on growing as in the last days."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import linear_regression
from typing import NamedTuple, Self

from ops.environment import Environment
from ops.metrics import PERIOD, Query, Value, over
from settings import clickhouse_metrics

OBSERVED = timedelta(days=14)
SHORTEST = timedelta(days=2)
"""Of less, a day that is busier than the night would look like growth."""
LARGEST_FALL_PERCENT = 5
"""After a larger fall, the volume is another one, or much was deleted: what was before does not tell the pace."""
DAY = timedelta(days=1)


class Forecast(NamedTuple):
    """What the last days tell.

    Args:
        observed_days: the days that tell it.
        percent_a_day: how much of the volume is added in a day; None if there are too few days.
        days_until_full: None if there are too few days, or the use does not grow.
    """

    observed_days: float
    percent_a_day: float | None = None
    days_until_full: float | None = None

    @classmethod
    def of(cls, values: Sequence[Value]) -> Self:
        """The forecast of these values, by time, of the volume's use in percent."""
        falls = [
            number
            for number, (before, after) in enumerate(pairwise(values), start=1)
            if before.value - after.value > LARGEST_FALL_PERCENT
        ]
        values = values[falls[-1] :] if falls else values
        observed = values[-1].time - values[0].time if values else timedelta()
        if observed < SHORTEST:
            return cls(observed / DAY)
        days = [(value.time - values[0].time) / DAY for value in values]
        percent_a_day, _ = linear_regression(days, [value.value for value in values])
        left = (100 - values[-1].value) / percent_a_day if percent_a_day > 0 else None
        return cls(observed / DAY, percent_a_day, left)

    def __str__(self) -> str:
        days = f"{self.observed_days:.1f}"
        if self.percent_a_day is None:
            return (
                f"can't be told yet: CloudWatch has {days} days of the disk's use, of the {SHORTEST / DAY:g} it takes"
            )
        if self.days_until_full is None:
            return f"the use of the volume has not grown in the last {days} days"
        if self.days_until_full < 1:
            when = "within a day"
        else:
            when = f"in {self.days_until_full:.0f} days" if self.days_until_full < 365 else "in more than a year"
        return f"full {when} at the pace of the last {days} days ({self.percent_a_day:.2g} % a day)"


def forecast(environment: Environment) -> Forecast:
    """Asks CloudWatch for the use of the disk in the last two weeks."""
    now = datetime.now(UTC).timestamp() // PERIOD.total_seconds() * PERIOD.total_seconds()
    end = datetime.fromtimestamp(now, UTC)
    name = clickhouse_metrics.DISK_USED_PERCENT
    query = Query(
        clickhouse_metrics.METRIC_NAMESPACE,
        name,
        clickhouse_metrics.dimensions(name, environment.name),
        "Maximum",
        environment.settings.region,
    )
    (values,) = over(environment, end - OBSERVED, end, [query])
    return Forecast.of(values)
