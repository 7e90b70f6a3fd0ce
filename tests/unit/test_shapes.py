"""Tests that the environments' files in docs/shapes.md synthesize, and that their costs are those of ``ops cost``."""

import tomllib
from pathlib import Path

import pytest
from cdktf import Testing as CdktfTesting

import settings
from settings import Settings
from settings.load import ENVIRONMENTS
from stacks import add_stacks
from tests.shapes import FILE, cost_of, dotted, extras, shapes, with_extra, written

PAGE = FILE.read_text()
SHAPES = shapes(PAGE)
EXTRAS = extras(PAGE)


def synthesize(folder: Path, text: str, name: str = "shape") -> Settings:
    (folder / f"{name}.toml").write_text(text)
    loaded = settings.load({"LANGFUSE_ENV": name}, environments=folder)
    for stack in add_stacks(CdktfTesting.app(), loaded):
        stack.prepare_stack()
        assert CdktfTesting.synth(stack, True)
    return loaded


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_synthesizes(shape: str, tmp_path: Path) -> None:
    synthesize(tmp_path, SHAPES[shape])


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_synthesizes_with_the_shape_team(extra: str, tmp_path: Path) -> None:
    assert EXTRAS[extra], "the row names no setting"
    synthesize(tmp_path, with_extra(SHAPES["team"], EXTRAS[extra]))


@pytest.mark.parametrize(("shape", "environment"), [("trial", "trial"), ("production", "prod")])
def test_a_shape_has_what_the_environment_of_the_repository_has(shape: str, environment: str) -> None:
    """But for the bucket's name, which everyone chooses. Production has a domain, a user and an address in addition."""
    file = dotted(tomllib.loads((ENVIRONMENTS / f"{environment}.toml").read_text()))
    file.pop("state.bucket")
    assert file.items() <= dotted(tomllib.loads(SHAPES[shape])).items()


def test_the_costs_are_those_that_ops_cost_counts() -> None:
    """``make docs`` writes them."""
    assert written(PAGE) == PAGE


def test_every_price_of_a_shape_is_known() -> None:
    found = [cost_of(text) for text in SHAPES.values()]
    assert [(dict(month.uncounted), month.without_price) for month in found] == [({}, [])] * len(SHAPES)


def test_what_the_shapes_cost_together_with_what_they_are_for() -> None:
    """Each costs more than the one before it, but for the last, which has no way to the internet."""
    trial, team, production, _, regulated = (cost_of(text).total for text in SHAPES.values())
    assert trial < team < production < regulated
