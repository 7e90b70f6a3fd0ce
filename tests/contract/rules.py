"""The rules of langfuse.json, and whether a value keeps them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter

DATA = Path(__file__).parent / "langfuse.json"
SCHEMAS = {"web": ("shared", "web"), "worker": ("shared", "worker")}
"""The schemas that each container checks its variables against when it starts."""


@dataclass(frozen=True)
class Rule:
    """What a schema states about one variable.

    Args:
        kind: ``string``, ``url``, ``email``, ``date``, ``datetime``, ``number`` or ``enum``.
        required: whether the container does not start without it. An empty variable counts as missing.
        values: the values of an ``enum``.
        pattern: a regular expression that a string must match.
        integer: whether a number must be a whole number.
        least, most: the inclusive limits of a number, or of a string's length.
        above: the exclusive lower limit of a number.
        unchecked: further checks, which are written as code: a value can't be checked against them here.
    """

    kind: str
    required: bool = True
    values: tuple[str, ...] = ()
    pattern: str | None = None
    integer: bool = False
    least: float | None = None
    most: float | None = None
    above: float | None = None
    unchecked: tuple[str, ...] = ()

    def problems(self, value: str) -> Iterator[str]:
        """Yields why the schema refuses the value, or why that is unknown."""
        if self.unchecked:
            yield f"has checks that are written as code: {', '.join(self.unchecked)}"
        if self.kind == "number":
            yield from self._problems_of_number(value)
            return
        if self.kind == "enum" and value not in self.values:
            yield f"must be one of {', '.join(self.values)}"
        if self.kind in ("email", "date", "datetime"):
            yield f"is of a kind that the stacks do not set: {self.kind}"
        if self.kind == "url" and not (urlsplit(value).scheme and urlsplit(value).hostname):
            yield "must be a URL"
        if self.pattern and not re.search(self.pattern, value):
            yield f"must match {self.pattern}"
        yield from self._problems_of_size(len(value))

    def _problems_of_number(self, value: str) -> Iterator[str]:
        try:
            number = float(value)
        except ValueError:
            yield "must be a number"
            return
        if self.integer and not number.is_integer():
            yield "must be a whole number"
        yield from self._problems_of_size(number)

    def _problems_of_size(self, size: float) -> Iterator[str]:
        if self.least is not None and size < self.least:
            yield f"must be at least {self.least:g}"
        if self.most is not None and size > self.most:
            yield f"must be at most {self.most:g}"
        if self.above is not None and size <= self.above:
            yield f"must be above {self.above:g}"


Schema = Mapping[str, Rule]
DEFAULTS = {field.name: field.default for field in fields(Rule)}


def write(version: str, schemas: Mapping[str, Schema]) -> None:
    """Writes langfuse.json, with a line for each variable."""
    text = [f'{{"version": {json.dumps(version)}']
    for name, schema in schemas.items():
        lines = [f"  {json.dumps(variable)}: {json.dumps(_stated(schema[variable]))}" for variable in sorted(schema)]
        text.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    DATA.write_text(",\n".join(text) + "}\n")


def _stated(rule: Rule) -> dict[str, Any]:
    return {name: value for name, value in asdict(rule).items() if value != DEFAULTS[name]}


class Contract:
    """The rules in langfuse.json. ``version`` is the version of Langfuse that they are from."""

    def __init__(self) -> None:
        data = json.loads(DATA.read_text())
        self.version: str = data.pop("version")
        self._schemas = TypeAdapter(dict[str, dict[str, Rule]]).validate_python(data)

    def rules(self, container: str) -> dict[str, list[Rule]]:
        """The rules of a container's variables, by their names: a rule of each schema that knows the variable."""
        rules: dict[str, list[Rule]] = {}
        for schema in SCHEMAS[container]:
            for variable, rule in self._schemas[schema].items():
                rules.setdefault(variable, []).append(rule)
        return rules
