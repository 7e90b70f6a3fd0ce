"""Alarms, and their sections in docs/alarms.md."""

import re

import pytest
from cdktf import Testing as CdktfTesting

from modules.alarm import alarm
from modules.metric import Metric
from stacks.base import LangfuseStack
from tests.alarms import PAGE, all_alarms, page
from tests.environments import load

LONGEST_DESCRIPTION = 1024
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""


@pytest.mark.parametrize(("above", "below"), [(None, None), (1, 1)])
def test_an_alarm_is_either_above_or_below_a_threshold(above: float | None, below: float | None) -> None:
    stack = LangfuseStack(CdktfTesting.app(), "stack", load())
    with pytest.raises(ValueError, match="too-hot needs either above or below"):
        alarm(
            stack,
            "alarm",
            Metric("Oven", "Temperature"),
            above=above,
            below=below,
            statistic="Maximum",
            name="too-hot",
            section="too-hot",
            description="Open the door",
            topic_arn="arn:aws:sns:us-east-1:123456789012:alarms",
        )


def test_each_description_ends_with_the_address_of_its_section() -> None:
    for short_name, values in all_alarms():
        description = values["alarm_description"]
        assert description.endswith(f"; see docs/alarms.md#{short_name}")
        assert len(description) <= LONGEST_DESCRIPTION


def test_every_alarm_has_a_section_and_every_section_its_alarm() -> None:
    sections = re.findall(r"^### (.+)$", PAGE.read_text(), re.MULTILINE)
    assert sorted(sections) == sorted({alarm.short_name for alarm in all_alarms()})


def test_every_section_says_what_to_do() -> None:
    sections = re.split(r"^### ", PAGE.read_text().lower(), flags=re.MULTILINE)[1:]
    for part in ("**goes off**", "**it means**", "**look at**", "**do", "**no action needed**"):
        assert [section.partition("\n")[0] for section in sections if part not in section] == [], part


def test_the_page_says_when_each_alarm_goes_off() -> None:
    assert PAGE.read_text() == page(), "run `make docs`: docs/alarms.md is not what the environments have"
