"""The base class of the settings models, and the error for a value that conflicts with another setting."""

import re
from types import UnionType
from typing import Annotated, NoReturn, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

REFUSED = "refused"

Entry = TypeVar("Entry", int, str)


class Section(BaseModel):
    """An immutable group of settings. Unknown keys are errors, so that a misspelled setting is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: object, info: ValidationInfo) -> object:
        """Refuses what pydantic would read as another number or truth value: ``1_000``, `` 5``, ``2.0``, ``yes``."""
        wanted = _plain(cls.model_fields[info.field_name or ""].annotation)
        if wanted is bool and not (isinstance(value, bool) or value in ("true", "false")):
            raise ValueError("must be true or false")
        if wanted is int and not _is_whole_number(value):
            raise ValueError("must be an integer of digits, such as 1024")
        return value


def _plain(annotation: object) -> object:
    """The type of a field without its conditions, and without None: ``int`` of ``Annotated[int, …] | None``."""
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return _plain(get_args(annotation)[0])
    return annotation


def _is_whole_number(value: object) -> bool:
    if isinstance(value, str):
        return re.fullmatch("0|-?[1-9][0-9]{0,17}", value) is not None
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def each_once(values: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Returns the entries of a list, if none of them is in it twice.

    Raises:
        ValueError: if one is.
    """
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise ValueError(f"must name each one once: {twice} is there twice")
    return values


def refuse(key: str, value: object, allowed: str) -> NoReturn:
    """Raises the validation error for a value that conflicts with another setting.

    ``key`` is the path of the setting below the section that calls this, separated by dots.
    """
    raise PydanticCustomError(REFUSED, "{allowed}", {"key": key, "value": value, "allowed": allowed})
