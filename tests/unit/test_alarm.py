"""Alarms."""

import pytest
from cdktf import Testing as CdktfTesting

from modules.alarm import alarm
from modules.metric import Metric
from stacks.base import LangfuseStack
from tests.environments import load


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
            description="Open the door",
            topic_arn="arn:aws:sns:us-east-1:123456789012:alarms",
        )
