"""Tests that every combination of the settings of who gets in, and under which keys, synthesizes."""

import re

import pytest
from hypothesis import given, settings

from settings.partition import partition_of
from tests.combinations import REGIONS, Combination, choices, combinations, covering
from tests.environments import ENVIRONMENTS, load
from tests.synthesis import app

PARTITION = re.compile(r"\barn:([a-z-]+):")


def assert_of_its_partition(combination: Combination) -> None:
    partition = partition_of(load(combination.environment, combination).region)
    for name, stack in app(combination.environment, combination).items():
        assert set(PARTITION.findall(stack.text)) <= {partition}, f"{name} of {combination}"


@settings(max_examples=6, deadline=None)
@given(combinations())
def test_any_combination_synthesizes(combination: Combination) -> None:
    assert_of_its_partition(combination)


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_every_arn_is_of_the_regions_partition(region: str) -> None:
    for combination in covering("dev", region):
        assert_of_its_partition(combination)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_choice_is_in_a_combination(environment: str) -> None:
    found = [dict(combination.values_) for combination in covering(environment, REGIONS[0])]
    for alternatives in choices(REGIONS[0]):
        for choice in alternatives:
            assert any(choice.items() <= values.items() for values in found), choice
