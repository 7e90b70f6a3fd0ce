"""Tests that the stacks use nothing that AWS provider 6 removes or deprecates, by the table in docs/provider-6.md."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest

from tests.combinations import covering
from tests.command_line import PROJECT
from tests.environments import (
    DUALSTACK,
    EC2,
    ENVIRONMENTS,
    EXTERNAL,
    IMAGES,
    INTERNAL,
    ISOLATED_EC2,
    MAIL,
    RUNNING,
    SECURED,
    SPLIT,
    SYNTHESIZED,
    UPGRADED,
)
from tests.synthesis import app

PAGE = (PROJECT / "docs" / "provider-6.md").read_text()
ROW = re.compile(r"^\| \**`((?:data\.)?aws_\w+)`\** \| ([^|]*) \| ([^|]*) \| [^|]* \|$", re.MULTILINE)
"""A row of "What it removes or deprecates": a type, its arguments and attributes, and since when."""
SYMBOL = re.compile(r"`((?:modules|stacks)/[\w/]+\.py)`: (?:the override )?`([\w.]+)`")
"""A place in the source which the page says would change."""
REFERENCE = re.compile(r"\b((?:data\.)?aws_\w+)\.[\w-]+(?:\[[^\]]*\])?\.(\w+)")
BLOCKS = {"resource": "", "data": "data."}
WAITS = {("aws_secretsmanager_secret_version", "arn")}
"""What is used nevertheless. The page says why."""
ALARM_MAIL = {"LANGFUSE_AWS__ALARMS__EMAIL": "oncall@example.com"}
VARIANTS: tuple[Mapping[str, str], ...] = (
    EC2,
    EXTERNAL,
    UPGRADED,
    DUALSTACK,
    INTERNAL,
    IMAGES,
    ISOLATED_EC2,
    ALARM_MAIL,
    MAIL,
    SPLIT,
    *SECURED.values(),
)


class Usage(NamedTuple):
    """The types in the synthesized JSON, and which arguments and attributes of each are used."""

    types: frozenset[str]
    names: frozenset[tuple[str, str]]


def section(heading: str) -> str:
    """The part of the page below a heading."""
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def listed() -> set[tuple[str, str]]:
    """The types with the arguments and attributes that the table names."""
    rows = ROW.findall(section("What it removes or deprecates"))
    return {(type_, name) for type_, names, _ in rows for name in re.findall(r"`([\w.]+)`", names)}


def used(text: str) -> Iterator[tuple[str, str]]:
    """Yields each type of a stack with each argument that is set, and each attribute that is referred to."""
    stack = json.loads(text)
    for block, prefix in BLOCKS.items():
        for type_, named in stack.get(block, {}).items():
            for body in named.values():
                yield from ((f"{prefix}{type_}", path) for path in ("", *arguments(body)))
    yield from ((type_, name) for type_, name in REFERENCE.findall(text))


def arguments(value: Any, above: str = "") -> Iterator[str]:
    """Yields the arguments in a block of JSON, nested ones behind a dot."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "//":
                yield f"{above}{name}"
                yield from arguments(inner, f"{above}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from arguments(inner, above)


@cache
def usage() -> Usage:
    """What every environment uses, with the settings that make other resources or set other arguments."""
    variants = [(environment, {**RUNNING}) for environment in SYNTHESIZED]
    variants += [("dev", {**RUNNING, **variant}) for variant in VARIANTS]
    combinations = [each for environment in ENVIRONMENTS for each in covering(environment, "eu-central-1")]
    variants += [(each.environment, dict(each)) for each in combinations]
    names = {name for variant in variants for stack in app(*variant).values() for name in used(stack.text)}
    return Usage(frozenset(type_ for type_, path in names if not path), frozenset(names))


def test_what_provider_6_removes_or_deprecates_is_not_used() -> None:
    assert listed() & usage().names == WAITS


def test_the_table_is_of_types_that_are_used() -> None:
    assert len(listed()) > len(WAITS)
    assert {type_ for type_, _ in listed()} <= usage().types


def test_the_page_counts_the_types() -> None:
    """Ephemeral resources are no types of the state, but change with the provider too."""
    ephemeral = {
        type_
        for stack in app("dev", EC2).values()
        for type_ in json.loads(stack.text).get("ephemeral", {})
        if type_.startswith("aws_")
    }
    aws = {type_ for type_ in usage().types if type_.removeprefix("data.").startswith("aws_")}
    assert f"Of the {len(aws) + len(ephemeral)} types" in PAGE


@pytest.mark.parametrize(("file", "symbol"), SYMBOL.findall(PAGE))
def test_what_would_change_is_there(file: str, symbol: str) -> None:
    assert re.search(rf"\b{re.escape(symbol)}\b", (PROJECT / file).read_text())
