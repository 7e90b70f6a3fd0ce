"""Text that must reach Terraform as it is, above all the values of settings.

Terraform reads every string of a configuration as a template, and CDKTF looks for its own tokens in it before:
https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences-1
"""

import re
from functools import cache
from typing import Any, TypeVar

from cdktf import Token
from pydantic import BaseModel

NOTHING = "%{if false}%{endif}"
"""A template of an empty text, without quotation marks, since the text around it may be JSON in a string."""
# CDKTF resolves these wherever they are: tokens in strings, lists and maps; the values of maps; numbers.
# Source: lib/tokens/private/encoding.ts and resolve.ts of CDKTF 0.21.
MARKERS = r"TfToken\[|Map Token Value|e\+298"
SPECIAL = re.compile(rf"\${{|%{{|{MARKERS}")

Model = TypeVar("Model", bound=BaseModel)


def literal(text: str) -> str:
    """Escapes a text, so that Terraform evaluates it to just that text, alone or as a part of a longer string."""
    return SPECIAL.sub(_escaped, text)


def with_literals(settings: Model) -> Model:
    """Returns settings with every string escaped. Their validators do not run again: patterns may not allow escapes."""
    return settings.model_copy(update={name: _with_literals(value) for name, value in settings})


def _with_literals(value: Any) -> Any:  # noqa: ANN401
    match value:
        case str():
            return literal(value)
        case BaseModel():
            return with_literals(value)
        case tuple():
            return tuple(_with_literals(part) for part in value)
        case dict():
            return {_with_literals(key): _with_literals(part) for key, part in value.items()}
    return value


def _escaped(match: re.Match[str]) -> str:
    match match[0]:
        case "${":
            return _escaped_dollar()
        case "%{":
            return "%%{"
        case marker:
            return marker[0] + NOTHING + marker[1:]


@cache
def _escaped_dollar() -> str:
    """A token of ``$${``: after a plain one, CDKTF would write tokens as if they were in an expression."""
    return Token.as_string(Token.as_any("$${"))
