"""The alarms that the environments have. ``python -m tests.alarms`` writes when each goes off to docs/alarms.md."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from entry_point import run
from settings.model import name_prefix
from tests.combinations import REGIONS, covering
from tests.command_line import PROJECT
from tests.environments import ENVIRONMENTS, RUNNING, SECURED, SPLIT
from tests.synthesis import app

PAGE = PROJECT / "docs" / "alarms.md"
COLUMNS = 120
CONDITION = re.compile(r"(?<=\n)(### (?P<section>[a-z-]+)\n\n)\*\*Goes off\*\*.*?(?=\n\n)", re.DOTALL)
"""The heading of an alarm's section, and the paragraph that is written here."""
PERCENT = re.compile(r"Utilization$|Percentage$|_percent$")
STATISTICS = {"SampleCount": "number of samples"}
MIB, GIB = 1024**2, 1024**3
BYTES = {"FreeStorageSpace": ("GiB", GIB), "FreeableMemory": ("MiB", MIB)}


class Alarm(NamedTuple):
    """An alarm of an environment.

    Args:
        short_name: its name without that of the environment, and without the number of a node.
        values: the arguments of its resource.
    """

    short_name: str
    values: Mapping[str, Any]


def alarms(environment: str, overrides: Mapping[str, str]) -> Iterator[Alarm]:
    """Yields every alarm of an environment."""
    prefix = name_prefix(environment)
    for stack in app(environment, overrides).values():
        for values in stack.resources("aws_cloudwatch_metric_alarm").values():
            name = re.sub(r"\$\{aws_db_instance\.\w+\.identifier\}", f"{prefix}-postgres", values["alarm_name"])
            assert name.startswith(f"{prefix}-"), name
            yield Alarm(re.sub(r"^redis-\d{3}-", "redis-", name.removeprefix(f"{prefix}-")), values)


def all_alarms() -> list[Alarm]:
    """The alarms of both environments, of the secured ones, and of every setting that may be combined with others."""
    environments = [
        *((name, overrides) for name in ENVIRONMENTS for overrides in ({}, RUNNING)),
        *((name.partition("-")[0], overrides) for name, overrides in SECURED.items()),
        *((name, dict(combination)) for name in ENVIRONMENTS[:1] for combination in covering(name, REGIONS[0])),
    ]
    return [alarm for name, overrides in environments for alarm in alarms(name, overrides)]


def page() -> str:
    """The text of docs/alarms.md, with when each alarm goes off in dev and in prod, whose services run.

    The services that may be left out have the default size there.
    """
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for environment in ENVIRONMENTS:
        for alarm in alarms(environment, {**RUNNING, **dict.fromkeys(SPLIT, "{}")}):
            found.setdefault(alarm.short_name, {})[environment] = alarm.values

    def written(match: re.Match[str]) -> str:
        assert match["section"] in found, f"there is no alarm {match['section']}"
        return match[1] + _condition(found[match["section"]])

    return CONDITION.sub(written, PAGE.read_text())


def _condition(by_environment: Mapping[str, Mapping[str, Any]]) -> str:
    values = next(iter(by_environment.values()))
    thresholds = {environment: _threshold(each) for environment, each in by_environment.items()}
    same = len(set(thresholds.values())) == 1
    threshold = (
        next(iter(thresholds.values()))
        if same
        else ", ".join(f"{each} in {environment}" for environment, each in thresholds.items())
    )
    side = {"GreaterThanThreshold": "above", "LessThanThreshold": "below"}[values["comparison_operator"]]
    minutes = values["evaluation_periods"] * values["period"] // 60
    metric = re.sub(r"^langfuse-(dev|prod)-", "langfuse-<environment>-", values["metric_name"])
    statistic = STATISTICS.get(values["statistic"], values["statistic"].lower())
    text = (
        f"**Goes off** when the {statistic} of `{metric}` (`{values['namespace']}`) in a minute is"
        f" {side} {threshold}, {'once' if minutes == 1 else f'{minutes} minutes in a row'}."
    )
    if values["treat_missing_data"] == "breaching":
        text += " A minute without data counts too."
    return textwrap.fill(text, COLUMNS, break_long_words=False, break_on_hyphens=False)


def _threshold(values: Mapping[str, Any]) -> str:
    threshold, metric = values["threshold"], values["metric_name"]
    if metric in BYTES:
        unit, size = BYTES[metric]
        return f"{threshold / size:g} {unit}"
    is_percent = PERCENT.search(metric) and values["statistic"] != "SampleCount"
    return f"{threshold:,g} %" if is_percent else f"{threshold:,g}"


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    run("tests.alarms", main)
