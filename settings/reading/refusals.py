"""What the model refuses, in one line: where it is set, which setting it is, and what is allowed."""

import re

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.reading.errors import SettingsError, shown_key, shown_value
from settings.reading.fields import Kind, Path, kind_of
from settings.reading.given import Given
from settings.reading.overrides import no_such_setting
from settings.section import REFUSED

OWN_RULE = "value_error"
BOUNDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
FIGURES = re.compile(r"[0-9./-]{1,18}", re.ASCII)
"""A number, a version or a CIDR block."""
SHORTEST_SECRET = 4


def refusal(given: Given, error: ValidationError) -> SettingsError:
    """The error to raise for the first of the model's errors, with the number of the others."""
    errors = error.errors(include_url=False)
    first = errors[0]
    of_key = first["loc"][-1:] == ("[key]",)
    path = tuple(map(str, first["loc"][:-1] if of_key else first["loc"]))
    if first["type"] == REFUSED:
        path += tuple(first["ctx"]["key"].split("."))
    kind = kind_of(path, key=of_key)
    value = _value(first, kind)
    shown = shown_key(path) if value is None else f"{shown_key(path)} = {value}"
    about = f"{shown}: " if path else ""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return SettingsError(f"{given.where_wrong(path, first)}: {about}{_allowed(first, path, kind)}{more}")


def _value(error: ErrorDetails, kind: Kind | None) -> str | None:
    """The wrong value, if it can't be a secret.

    A value that its type allows is shown if no value of the type is a secret. What the type does not allow may be
    anything: only figures are shown.
    """
    if kind is None or not kind.is_closed:
        return None
    if error["type"] == REFUSED:
        value = error["ctx"]["value"]
        return None if value is None else shown_value(value)
    value = error["input"]
    is_of_kind = isinstance(value, str) or (kind.type is int and isinstance(value, int | float))
    return shown_value(value) if is_of_kind and FIGURES.fullmatch(str(value)) else None


def _allowed(error: ErrorDetails, path: Path, kind: Kind | None) -> str:
    """What is allowed instead."""
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if error["type"] == "extra_forbidden":
        return no_such_setting(path)
    if kind is None or error["type"] in BOUNDS or error["type"] == REFUSED:
        return message
    if error["type"] == OWN_RULE and not _repeats(message, error["input"]):
        return message
    if error["type"] == "string_type":
        return f"{kind.must_be()}, in quotes"
    return f"is required, and {kind.must_be()}" if error["type"] == "missing" else kind.must_be()


def _repeats(message: str, value: object) -> bool:
    """Whether a message has a part of a value in it, as those of Python's own parsers do."""
    parts = re.split("[/@:]", value) if isinstance(value, str) else []
    return any(part in message for part in parts if len(part) >= SHORTEST_SECRET)
