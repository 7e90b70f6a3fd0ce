"""What Langfuse's own schemas state about its environment variables, and whether a value keeps that.

``langfuse.json`` has the rules of one version: ``python -m tests.contract`` derives them from its source.
From 3.225.4 to 4.16.0, no rule of a variable changed: variables only came and went.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from settings.versions import as_numbers

DATA = Path(__file__).parent / "langfuse.json"
EXAMPLES = {
    "AUTH_AUTHENTIK_ISSUER": "https://authentik.example.com/application/o/langfuse",
    "NEXTAUTH_COOKIE_NAME_SUFFIX": "team-a",
}
"""By variable whose rule is a regular expression, a right value."""
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s.]+"
CODE = {
    r"AUTH_\w+_CHECKS": (r"\s*(nonce|none|pkce|state)\s*", "must be a list of nonce, pkce, state and none: pkce,state"),
    r"LANGFUSE_INIT_USER_EMAIL": (EMAIL, "must be an e-mail address, for example me@example.com"),
    r"LANGFUSE_ALLOWED_ORGANIZATION_CREATORS": (
        EMAIL,
        "must be e-mail addresses with nothing but commas between them, for example me@example.com,you@example.com",
    ),
    # A user or a path in it would take the place of CLICKHOUSE_USER and CLICKHOUSE_DB:
    # https://clickhouse.com/docs/integrations/javascript (URL configuration)
    r"CLICKHOUSE_(EVENTS_)?READ_ONLY_URL": (
        r"https?://[^\s/?#@]+/?",
        "must be the http:// or https:// address of a ClickHouse server alone, for example https://example.com:8443",
    ),
    r"REDIS_SOCKET_TIMEOUT_MS": (r"0|[1-9][0-9]{4,}", "must be 0, or 10000 or more"),
}
"""By regular expression of variables whose rules are code: that of each item of the list, and what is allowed."""
READ_BY_LIBRARIES = {"HTTP_PROXY"}
"""Variables that look like a misspelt one of Langfuse."""

# As JavaScript's Number() reads them, which zod's z.coerce.number() calls. Python's float() also takes 1_000 and ٣.
NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


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
        """Yields why the schema refuses the value."""
        if self.kind == "number":
            yield from self._problems_of_number(value)
            return
        if self.kind == "enum" and value not in self.values:
            yield f"must be one of {', '.join(self.values)}"
        if self.kind == "date" and not DATE.fullmatch(value):
            yield "must be a date, for example 2026-01-31"
        if self.kind == "url" and not _is_url(value):
            yield "must be a URL, for example https://example.com"
        if self.pattern and not re.search(self.pattern, value):
            yield "has a form that Langfuse does not accept"
        yield from self._problems_of_size(len(value))

    def kind_alone(self) -> "Rule":
        """The rule without lists and limits, which another version of Langfuse may have extended."""
        return Rule("string" if self.kind == "enum" else self.kind)

    def _problems_of_number(self, value: str) -> Iterator[str]:
        if not NUMBER.fullmatch(value):
            yield "must be a number, for example 10"
            return
        number = float(value)
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


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return not re.search(r"\s", value) and ((bool(parts.scheme) and valid) or parts.scheme == "mailto")


class Contract:
    """The rules in langfuse.json, by schema and variable. ``version`` is the version of Langfuse that they are from."""

    def __init__(self) -> None:
        data = json.loads(DATA.read_text(encoding="utf-8"))
        self.version: str = data.pop("version")
        self.schemas = TypeAdapter(dict[str, dict[str, Rule]]).validate_python(data)
        self.variables = frozenset(name for schema in self.schemas.values() for name in schema)

    def rules_of(self, variable: str) -> list[Rule]:
        """The rules of a variable in every schema that knows it."""
        return [schema[variable] for schema in self.schemas.values() if variable in schema]


@cache
def contract() -> Contract:
    """The contract, which is read from its file when it is first needed."""
    return Contract()


def wrong_value(langfuse: str, variable: str, value: str) -> str | None:
    """What a variable's value must be, if this version of Langfuse does not accept it.

    A version that is newer than the contract may know further values, so only numbers and URLs are checked for it.
    """
    if not value:
        return None  # Langfuse takes an empty variable for one that is not set.
    known = as_numbers(langfuse) <= as_numbers(contract().version)
    for rule in contract().rules_of(variable):
        for problem in (rule if known else rule.kind_alone()).problems(value):
            example = f", for example {EXAMPLES[variable]}" if rule.pattern else ""
            return f"{problem}{example} (Langfuse {contract().version})"
    for names, (item, allowed) in CODE.items():
        if known and re.fullmatch(names, variable) and not all(re.fullmatch(item, one) for one in value.split(",")):
            return f"{allowed} (Langfuse {contract().version})"
    return None


def misspelt(langfuse: str, variable: str) -> str | None:
    """The variable of Langfuse that was probably meant by one that this version does not know.

    It differs in one letter, or in its place. Names of one word may be anybody's, and a newer version than the contract
    may know any variable.
    """
    if variable in contract().variables | READ_BY_LIBRARIES or as_numbers(langfuse) > as_numbers(contract().version):
        return None
    known = _without_a_letter_each()
    return next((known[short] for short in sorted(_without_a_letter(variable)) if short in known), None)


@cache
def _without_a_letter_each() -> dict[str, str]:
    return {short: name for name in sorted(contract().variables) if "_" in name for short in _without_a_letter(name)}


def _without_a_letter(name: str) -> set[str]:
    return {name, *(name[:index] + name[index + 1 :] for index in range(len(name)))}
