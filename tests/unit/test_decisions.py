"""Tests that the decisions in docs/decisions are short, have the same parts, and are in the index."""

import re
from pathlib import Path

import pytest

from tests.command_line import PROJECT

FOLDER = PROJECT / "docs/decisions"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ["Context", "Decision", "Rejected", "Consequences", "Look again"]


def test_the_index_has_every_decision_with_its_title_status_and_date() -> None:
    rows = re.findall(r"^\| \[(\d+)\]\((\S+)\) \| (.+) \| (\S+) \| (\S+) \|$", (FOLDER / "README.md").read_text(), re.M)
    of_files = []
    for file in DECISIONS:
        title, status = re.match(r"# (.+)\n\n(.+)\n", file.read_text()).groups()  # type: ignore[union-attr]
        number, _, name = title.partition(". ")
        state, _, date = status.rstrip(".").partition(", ")
        of_files.append((number, file.name, name, state.lower(), date))
    assert rows == of_files
    assert [int(number) for number, *_ in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda file: file.name)
def test_a_decision_is_short_and_has_all_parts(decision: Path) -> None:
    text = decision.read_text()
    assert len(text.splitlines()) <= 60
    assert re.findall(r"^## (.+)$", text, re.M) == PARTS
