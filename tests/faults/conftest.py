"""An option of the tests that interrupt, and the table of what was survived."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import pytest

from tests.command_line import PROJECT

TRIED = "tried interruptions"
PAGE = PROJECT / "docs" / "reliability.md"
BEGIN, END = "<!-- Written by make faults ARGS=--write -->\n", "<!-- end of make faults -->\n"
ROW = re.compile(r"^\| ([\w-]+) \| ([\w-]+) \| (\d+) \| (\d+) \|", re.MULTILINE)


class Tried(NamedTuple):
    """How often the command of a phase was interrupted in one way, and how often that was survived."""

    phase: str
    accident: str
    tried: int
    survived: int


results: list[Tried] = []
"""In the process that gets the reports of all others."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write the figures to docs/reliability.md")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Each test has a process of its own, as pytest-xdist has free."""
    if isinstance(item, pytest.Function) and not any(item.iter_markers("xdist_group")):
        item.add_marker(pytest.mark.xdist_group(item.name.rpartition("[")[2].rstrip("]")))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    results.extend(
        Tried(*cast(Tried, value)) for name, value in report.user_properties if (name, report.when) == (TRIED, "call")
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if results:
        terminalreporter.write(figures(results))
    if results and config.getoption("--write"):
        before, _, rest = PAGE.read_text().partition(BEGIN)
        table, _, after = rest.partition(END)
        PAGE.write_text(before + BEGIN + figures([*written(table), *results]) + END + after)


def figures(results: Sequence[Tried]) -> str:
    """The table in Markdown. Of two results for the same row, the second counts."""
    rows = {(result.phase, result.accident): result for result in results}
    lines = ["| interrupted | by | tried | survived | repeat it |", "|---|---|---|---|---|"]
    for (phase, accident), result in sorted(rows.items()):
        repeat = f"`make faults ARGS=\"-k '{phase} and {accident}'\"`"
        lines.append(f"| {phase} | {accident} | {result.tried} | {result.survived} | {repeat} |")
    tried, survived = (sum(column) for column in list(zip(*rows.values(), strict=True))[2:])
    return "\n".join([*lines, f"| **all** | | {tried} | {survived} | `make faults` |"]) + "\n"


def written(table: str) -> Iterator[Tried]:
    """The rows of a table that ``figures`` has returned, without the last one."""
    for phase, accident, tried, survived in ROW.findall(table):
        yield Tried(phase, accident, int(tried), int(survived))
