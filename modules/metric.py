"""A CloudWatch metric.

The construct of a resource has the resource's metrics as attributes, for alarms, the dashboard and autoscaling.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Metric(NamedTuple):
    """What identifies a metric in CloudWatch.

    Args:
        namespace: the service that publishes it, ``AWS/RDS`` for example.
        name: its name there, ``CPUUtilization`` for example.
        dimensions: the resource that it is of. By default it has no dimensions.
        region: the Region that has it. By default, that of the environment.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str] = {}
    region: str | None = None
