"""The base class of the settings models, and the error for a value that conflicts with another setting."""

from typing import NoReturn

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

REFUSED = "refused"


class Section(BaseModel):
    """An immutable group of settings. Unknown keys are errors, so that a misspelled setting is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refuse(key: str, value: object, allowed: str) -> NoReturn:
    """Raises the validation error for a value that conflicts with another setting.

    ``key`` is the path of the setting below the section that calls this, separated by dots.
    """
    raise PydanticCustomError(REFUSED, "{allowed}", {"key": key, "value": value, "allowed": allowed})
