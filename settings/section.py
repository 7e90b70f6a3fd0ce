"""The base of every part of the settings tree, and how a part refuses a value."""

from typing import NoReturn

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

REFUSED = "refused"


class Section(BaseModel):
    """A frozen group of settings that refuses keys it does not know, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refuse(key: str, value: object, allowed: str) -> NoReturn:
    """Refuses a value that is wrong only beside others: ``key`` is relative to the section, with dots."""
    raise PydanticCustomError(REFUSED, "{allowed}", {"key": key, "value": value, "allowed": allowed})
