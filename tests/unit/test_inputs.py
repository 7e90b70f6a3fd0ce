"""Tests that wrong inputs are refused in one line, and that right ones which look odd are accepted."""

from functools import cache

import pytest

from tests.inputs.__main__ import PAGE, Tried, attempt, figures
from tests.inputs.kinds import KINDS


@cache
def tried(kind: str) -> list[Tried]:
    return [attempt(case) for case in KINDS[kind]()]


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_are_answered_as_they_must_be(kind: str) -> None:
    assert [str(each) for each in tried(kind) if not each.right] == []


def test_the_figures_in_the_document_are_of_these_inputs() -> None:
    assert figures({kind: tried(kind) for kind in KINDS}) in PAGE.read_text(), "run `python -m tests.inputs --write`"
