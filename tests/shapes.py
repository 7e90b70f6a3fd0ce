"""The environments in docs/shapes.md and what they cost. ``python -m tests.shapes`` writes the costs to that page."""

import lazy_bindings  # noqa: F401

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from cdktf import Testing as CdktfTesting

import settings
from cost.month import PARTS, Month
from cost.prices import Price, prices_of
from cost.usage import Usage
from entry_point import run
from ops.cost import CONFIGURED, month_of
from stacks import add_stacks
from tests.command_line import PROJECT

FILE = PROJECT / "docs" / "shapes.md"
WRITTEN = re.compile(r"(?<=<!-- Written by make docs: )(\w+) -->\n.*?(?=\n<!-- end of make docs)", re.DOTALL)
SUM = re.compile(r"(\| \[[^]]+\]\(#([a-z-]+)\) \| )[^|]+(?= \|)")
"""The end of a row's second cell, which links to a shape, and its third."""
EXTRA = re.compile(r"^(\| )([^|]+)( \| )([^|]*`[a-z_.]+ = [^|]+)( \| )[^|]+(?= \|$)", re.MULTILINE)
SHAPE = re.compile(r"^### ([^\n]*)$(?:(?!^#).)*?^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""A heading and its file."""
REGIONS = ("us-east-1", "eu-central-1")
OF_EXTRAS = "team"
"""The shape that extras are added to."""


def shapes(page: str) -> dict[str, str]:
    """The files of the page, by the anchors of their headings."""
    return {_anchor(heading): text for heading, text in SHAPE.findall(page)}


def extras(page: str) -> dict[str, list[str]]:
    """The settings of each extra, by what it is for."""
    return {found[2]: re.findall(r"`([a-z_.]+ = [^`]+)`", found[4]) for found in EXTRA.finditer(page)}


def with_extra(shape: str, extra: Sequence[str]) -> str:
    """The file of a shape with the settings of an extra."""
    found = tomllib.loads(shape)
    if any("cloudfront" in setting for setting in extra):
        found.pop("domain")
    # Dotted keys come above every section, and TOML has no section twice: the sections become dotted keys too.
    flat = [f"{key} = {json.dumps(value)}" for key, value in dotted(found).items()]
    return "\n".join([*flat, *extra])


def dotted(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    """The values of a file by the names of their settings."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= dotted(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found


@cache
def cost_of(text: str) -> Month:
    """A month's cost of the environment with this file, whose services run."""
    with TemporaryDirectory() as folder:
        Path(folder, "shape.toml").write_text(text)
        loaded = settings.load({"LANGFUSE_ENV": "shape", **CONFIGURED}, environments=Path(folder))
    stacks = add_stacks(CdktfTesting.app(), loaded)
    for stack in stacks:
        stack.prepare_stack()
    return month_of({stack.node.id: json.loads(CdktfTesting.synth(stack, True)) for stack in stacks})


def written(page: str) -> str:
    """The page with the costs of its files."""
    found = shapes(page)
    costs = {shape: cost_of(text) for shape, text in found.items()}
    tables: dict[str, Callable[[], Iterator[str]]] = {
        "costs": lambda: _costs({heading: costs[_anchor(heading)] for heading, _ in SHAPE.findall(page)}),
        "prices": lambda: _prices(costs.values()),
        "usage": _usage,
        "monitoring": lambda: _monitoring(costs[OF_EXTRAS]),
    }

    def more(row: re.Match[str]) -> str:
        extra = re.findall(r"`([a-z_.]+ = [^`]+)`", row[4])
        more_usd = cost_of(with_extra(found[OF_EXTRAS], extra)).total - costs[OF_EXTRAS].total
        return f"{row[1]}{row[2]}{row[3]}{row[4]}{row[5]}{_signed(more_usd)}"

    page = WRITTEN.sub(lambda part: "\n".join([f"{part[1]} -->", "", *tables[part[1]](), ""]), page)
    page = SUM.sub(lambda row: f"{row[1]}{_sum(costs[row[2]])}", page)
    return EXTRA.sub(more, page)


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def _table(*rows: Iterable[str]) -> Iterator[str]:
    head, *others = [list(row) for row in rows]
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    yield from (f"| {' | '.join(row)} |" for row in others)


def _sum(found: Month) -> str:
    return f"{found.total:,.0f}" + ("" if _has_clickhouse(found) else ", and ClickHouse Cloud")


def _has_clickhouse(found: Month) -> bool:
    return "ClickHouse" in found.parts()


def _signed(usd: float) -> str:
    return f"{usd:.2f}" if abs(usd) < 10 else f"{usd:.0f}"


def _costs(costs: dict[str, Month]) -> Iterator[str]:
    rows = [
        [part, *(f"{found.parts()[part]:,.0f}" if part in found.parts() else "not counted" for found in costs.values())]
        for part in PARTS
    ]
    sums = [f"**{found.total:,.0f}**" for found in costs.values()]
    headings = [f"{heading[0].lower()}{heading[1:]}" for heading in costs]
    return _table(["part", *headings], *rows, ["**sum**", *sums])


def _prices(costs: Iterable[Month]) -> Iterator[str]:
    keys = sorted({line.item.key for found in costs for line in found.lines})
    first, second = (prices_of(region) for region in REGIONS)
    rows = [[f"`{key}`", first[key].unit, _price(first[key]), _price(second[key])] for key in keys]
    return _table(["price", "for", *REGIONS], *rows)


def _price(price: Price) -> str:
    month = f"{price.as_of:%Y-%m}"
    source = f"[{month}]({price.source})" if urlsplit(price.source).hostname else month
    mark = " \\*" if price.estimate else ""
    return f"{price.usd:.6g}{mark} {source}"


def _usage() -> Iterator[str]:
    rows = [
        [f"`{knob.name}`", f"{knob.default:g} {knob.metadata['unit']}", knob.metadata["what"]] for knob in fields(Usage)
    ]
    return _table(["key", "default", "what"], *rows)


def _monitoring(found: Month) -> Iterator[str]:
    lines = [line for line in found.lines if line.item.part == "monitoring"]
    rows = [
        [line.item.what, f"{line.item.quantity:,.4g} × {line.price.usd:g}" if line.price else "", f"{line.usd:.2f}"]
        for line in lines
    ]
    return _table(["what", "how many, and the price of one", "USD a month"], *rows)


def main() -> None:
    """Writes the costs."""
    FILE.write_text(written(FILE.read_text()))


if __name__ == "__main__":
    run("tests.shapes", main)
