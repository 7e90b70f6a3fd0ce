"""Tests of docs/scaling.md: its environments synthesize, its numbers follow from each other, its variables exist."""

import json
import re
from pathlib import Path

import pytest

import settings
from settings.sections.service_size import SERVICES
from tests.command_line import PROJECT
from tests.shapes import cost_of
from tests.unit.test_shapes import synthesize

PAGE = (PROJECT / "docs" / "scaling.md").read_text()
SIZES = {
    int(millions): text
    for millions, text in re.findall(
        r"^## (\d+) million observations a month$(?:(?!^#).)*?^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL
    )
}
"""The settings, by millions of observations a month."""
LANGFUSE = json.loads((PROJECT / "settings" / "variables" / "langfuse.json").read_text())
SECONDS_A_MONTH = 30 * 24 * 3600
PEAK = 10
PER_REQUEST = 10


def rows(heading: str) -> dict[str, list[str]]:
    """The other cells of each row of the first table below the heading, by the first one."""
    section = re.search(rf"^## {heading}$(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert section, heading
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", section[1], re.M)
    ]
    return {cells[0]: cells[1:] for cells in lines[2:]}


VARIABLES = {name.strip("`"): cells for name, cells in rows("Settings of Langfuse for more throughput").items()}


@pytest.mark.parametrize("millions", SIZES)
def test_the_settings_synthesize(millions: int, tmp_path: Path) -> None:
    synthesize(tmp_path, SIZES[millions])


def test_there_are_settings_for_each_number_and_the_largest_has_every_service(tmp_path: Path) -> None:
    assert re.findall(r"^\| (\d+) million \|", PAGE, re.MULTILINE) == [str(millions) for millions in SIZES]
    largest = synthesize(tmp_path, SIZES[max(SIZES)])
    assert set(largest.services) == set(SERVICES)
    tasks = sum(size.max_tasks for size in largest.services.values())
    assert f"the {tasks} tasks of `max_tasks`" in PAGE.replace("\n", " ")
    assert f"are {4 * tasks} vCPUs" in PAGE, "two vCPUs each, twice as many in a deployment"


@pytest.mark.parametrize("millions", SIZES)
def test_the_cost_is_that_of_ops_cost(millions: int) -> None:
    (cell,) = re.findall(rf"^\| {millions} million \|.* ([\d,]+)(?:, and ClickHouse Cloud)? \|$", PAGE, re.MULTILINE)
    assert cell == f"{cost_of(SIZES[millions]).total:,.0f}"


def test_the_numbers_follow_from_each_other() -> None:
    def of(row: str) -> list[float]:
        return [float(cell.replace(",", "")) for cell in table[row][: len(SIZES)]]

    table = rows("How much data it is")
    a_second = [millions * 1e6 / SECONDS_A_MONTH for millions in SIZES]
    requests_a_minute = [rate * PEAK / PER_REQUEST * 60 for rate in a_second]
    expected = {
        "observations a second, average": a_second,
        "observations a second, peak": [rate * PEAK for rate in a_second],
        "requests a minute, peak": requests_a_minute,
        "ClickHouse, GB a month": [millions * 2.6 for millions in SIZES],
        "ClickHouse, GB after a year": [millions * 2.6 * 12 for millions in SIZES],
        "S3, GB at any time": [millions * 8 * 37 / 30 for millions in SIZES],
        "Redis, MiB after an hour without workers": [rate * 60 * 2 / 1024 for rate in requests_a_minute],
    }
    assert list(table) == list(expected)
    for row, numbers in expected.items():
        assert of(row) == pytest.approx(numbers, rel=0.05, abs=0.5), row


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_is_langfuses_and_accepted_in_the_settings(variable: str, tmp_path: Path) -> None:
    assert any(variable in LANGFUSE[container] for container in ("shared", "web", "worker"))
    value = VARIABLES[variable][1].strip("`").replace("<host>", "reads.example.com")
    text = f"{SIZES[max(SIZES)]}\n[langfuse.environment]\n{variable} = {value!r}\n"
    (tmp_path / "scaling.toml").write_text(re.sub(r"\[langfuse.environment\]\n\w+ = \S+\n\n", "", text))
    assert settings.load({"LANGFUSE_ENV": "scaling"}, environments=tmp_path).langfuse.environment == {variable: value}
