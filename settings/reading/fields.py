"""What the model says about a setting: its type, what it allows in words, and whether it can hold a secret."""

import json
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings.model import Settings

Path = tuple[str, ...]
NAME = ("name",)


class Kind(NamedTuple):
    """The type of a setting, or of an entry of a list or a table.

    Args:
        type: the type without its conditions: ``int``, ``str``, ``tuple[…]``, ``dict[…]`` or a section.
        conditions: what the type checks in addition.
        description: what is allowed, in words. Empty where the type alone tells it.
        example: a value that is allowed, if one is known.
        in_table: whether it is in a table, whose entries may be anything.
    """

    type: Any
    conditions: tuple[object, ...] = ()
    description: str = ""
    example: object = None
    in_table: bool = False

    @property
    def is_section(self) -> bool:
        """Whether it is a section with settings of its own."""
        return isinstance(self.type, type) and issubclass(self.type, BaseModel)

    @property
    def is_table(self) -> bool:
        """Whether its keys are free, as those of ``tags``."""
        return get_origin(self.type) is dict

    @property
    def is_table_of_sections(self) -> bool:
        """Whether each of its entries is a section, as those of ``sign_in.providers``."""
        return self.is_table and _kind(get_args(self.type)[1]).is_section

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return get_origin(self.type) is tuple

    @property
    def is_closed(self) -> bool:
        """Whether no value of it is a secret: it is a number, a word of a list, or a text whose form is checked.

        Tables are for any text, and so is a text that nothing checks.
        """
        if self.in_table:
            return False
        if self.is_list:
            return _kind(get_args(self.type)[0]).is_closed
        return self.type in (int, bool) or get_origin(self.type) is Literal or (self.type is str and self._is_checked)

    @property
    def _is_checked(self) -> bool:
        """Whether there are conditions beside those of the length."""
        return any(not isinstance(condition, MinLen | MaxLen) for condition in self.conditions)

    def must_be(self) -> str:
        """What a value must be, with an example."""
        if self.is_section:
            return f"must be a section with the settings {', '.join(self.type.model_fields)}"
        if self.type is bool:
            return "must be true or false"
        if get_origin(self.type) is Literal:
            return f"must be {' or '.join(get_args(self.type))}"
        example = self.example if isinstance(self.example, str) else json.dumps(self.example)
        return f"must be {self._words}" + (f", such as {example}" if self.example else "")

    @property
    def _words(self) -> str:
        words = self.description.replace("``", "").replace("\n", "; ")
        if self.type is int:
            return f"an integer: {words}" if words else "an integer"
        if words:
            return _with_article(words)
        return "a list" if self.is_list else "a table of strings" if self.is_table else "a string"


def kind_of(path: Path, *, key: bool = False) -> Kind | None:
    """What is at a path, such as ``("web", "cpu")``, or None if the model has no such setting.

    ``key`` asks for the last part of the path itself, a key of a table, instead of its value.
    """
    kind = Kind(Settings)
    for number, part in enumerate(path, start=1):
        if kind.is_section:
            field = kind.type.model_fields.get(part)
            if field is None:
                return None
            # What is in a section of a table may be anything too.
            kind = _kind_of_field(field)._replace(in_table=kind.in_table)
        elif kind.is_table:
            of_key, of_value = get_args(kind.type)
            inner = _kind(of_key if key and number == len(path) else of_value)
            kind = inner._replace(in_table=True, description=inner.description or _entry_of(kind))
        elif kind.is_list:
            inner = _kind(get_args(kind.type)[0])
            kind = inner if inner.description else inner._replace(description=_entry_of(kind))
        else:
            return None
    return kind


def settings_below(path: Path = ()) -> Iterator[Path]:
    """Yields the path of every setting below a section, in the order of the model."""
    kind = kind_of(path)
    if kind is None or not kind.is_section:
        return
    for name in kind.type.model_fields:
        below = list(settings_below((*path, name)))
        # The environment's name is that of its file, and can't be set.
        yield from below or ([] if (*path, name) == NAME else [(*path, name)])


def _kind_of_field(field: FieldInfo) -> Kind:
    inner = _kind(field.annotation)
    example = (field.examples or [None])[0]
    default = None if field.is_required() else field.default
    return Kind(
        inner.type,
        (*inner.conditions, *field.metadata),
        field.description or inner.description,
        next((value for value in (example, inner.example, default) if value is not None), None),
    )


def _kind(annotation: Any) -> Kind:  # noqa: ANN401  a type has no type
    if get_origin(annotation) is Annotated:
        plain, *conditions = get_args(annotation)
        kind = _kind(plain)
        for condition in conditions:
            if isinstance(condition, FieldInfo):
                kind = kind._replace(
                    conditions=(*kind.conditions, *condition.metadata),
                    description=condition.description or kind.description,
                    example=(condition.examples or [kind.example])[0],
                )
            else:
                kind = kind._replace(conditions=(*kind.conditions, condition))
        return kind
    if get_origin(annotation) in (Union, types.UnionType):
        [annotation] = [option for option in get_args(annotation) if option is not type(None)]
        return _kind(annotation)
    return Kind(annotation)


def _with_article(words: str) -> str:
    """``a VPC ID``, ``an S3 bucket name``, but ``1 to 128 letters``."""
    if re.match("[0-9]+[ ,]|one of|at most|at least|text", words):
        return words
    vowel = re.match("[aeio]|[AEIO][a-z]|[AEFHILMNORSX][A-Z0-9]", words)
    return f"{'an' if vowel else 'a'} {words}"


def _entry_of(kind: Kind) -> str:
    return f"entry of a {kind.description}" if kind.description else ""
