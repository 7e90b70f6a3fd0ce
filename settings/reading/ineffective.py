"""Settings that another one makes ineffective. They are refused: whoever sets one expects an effect."""

import json
from operator import attrgetter
from typing import NamedTuple

from settings.model import Settings
from settings.reading.errors import SettingsError
from settings.reading.given import Given


class Ineffective(NamedTuple):
    """Settings without effect.

    Args:
        cause: the setting that makes them ineffective.
        value: the value of it that does, or None for every value that is not None.
        settings: the settings that then have no effect.
    """

    cause: str
    value: str | bool | None
    settings: tuple[str, ...]


INEFFECTIVE = (
    Ineffective("network.vpc_id", None, ("network.cidr", "network.availability_zones", "network.nat_gateways")),
    Ineffective(
        "clickhouse.mode",
        "external",
        (
            "clickhouse.instance_type",
            "clickhouse.volume_gib",
            "clickhouse.volume_iops",
            "clickhouse.volume_throughput_mib",
            "clickhouse.snapshot_retention_days",
        ),
    ),
    Ineffective("ingress.waf", False, ("ingress.waf_requests_per_five_minutes",)),
)


def refuse_ineffective(settings: Settings, given: Given) -> None:
    """Refuses settings that have no effect, whatever they are set to.

    A variable may make what the file sets ineffective: that is how to try another mode, or to deploy into another VPC.

    Raises:
        SettingsError: for the first of them.
    """
    for cause, value, names in INEFFECTIVE:
        current = attrgetter(cause)(settings)
        if current is None or value not in (None, current):
            continue
        cause_is_variable = given.variable(_path(cause)) is not None
        for name in names:
            path = _path(name)
            if given.variable(path) or (given.in_file(path) and not cause_is_variable):
                reason = "is set" if value is None else f"is {json.dumps(value)}"
                raise SettingsError(f"{given.where(path)}: {name}: has no effect while {cause} {reason}: leave it out")


def _path(setting: str) -> tuple[str, ...]:
    return tuple(setting.split("."))
