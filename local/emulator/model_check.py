"""Checks a request's parameters against AWS's model of the operation, as botocore has it.

The model states which parameters are required, and the enumerations, patterns, lengths and ranges of values. SDKs leave
most of this to AWS: botocore checks names, types and minimum lengths only.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import regex
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

# Characters beyond U+FFFF, as Java's patterns have them: a range of pairs of UTF-16 surrogates.
SURROGATE_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF"

TYPES = {"string": str, "list": list, "map": dict, "structure": dict}
WITH_LENGTH = {"string", "blob", "list", "map"}
NOT_NULL = "Member must not be null"


class Violation(NamedTuple):
    """What is wrong with a parameter, in the words that most AWS services use. Secret values are left out."""

    parameter: str
    value: str
    constraint: str

    def __str__(self) -> str:
        return f"Value{self.value} at '{self.parameter}' failed to satisfy constraint: {self.constraint}"


def violations(shape: Shape | None, value: Any, name: str = "") -> Iterator[Violation]:  # noqa: ANN401
    """The violations of the model in a value and in all of its members.

    ``name`` is the parameter's name in messages: ``DistributionConfig.Origins.Items.1.Id``, for example.
    """
    if shape is None:
        return
    if not isinstance(value, TYPES.get(shape.type_name, object)):
        yield Violation(name, "", f"Member must be a {shape.type_name}")
        return
    shown = f" '{value}'" if isinstance(value, str | int | float) and "sensitive" not in shape.metadata else ""
    for constraint in _broken_constraints(shape, value):
        yield Violation(name, shown, constraint)
    for member_shape, member, member_name in _members(shape, value, name):
        if member is None:
            yield Violation(member_name, "", NOT_NULL)
        else:
            yield from violations(member_shape, member, member_name)


def _broken_constraints(shape: Shape, value: Any) -> Iterator[str]:  # noqa: ANN401
    metadata = shape.metadata
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    if isinstance(shape, StringShape) and "pattern" in metadata and not _pattern(metadata["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {metadata['pattern']}"
    if isinstance(shape, StructureShape) and shape.is_tagged_union and len(value) != 1:
        yield "Exactly one member must be set"
    what, size = ("length", len(value)) if shape.type_name in WITH_LENGTH else ("value", value)
    if "min" in metadata and size < metadata["min"]:
        yield f"Member must have {what} greater than or equal to {metadata['min']}"
    if "max" in metadata and size > metadata["max"]:
        yield f"Member must have {what} less than or equal to {metadata['max']}"


def _members(shape: Shape, value: Any, name: str) -> Iterator[tuple[Shape, Any, str]]:  # noqa: ANN401
    if isinstance(shape, StructureShape):
        for key, member_shape in shape.members.items():
            if value.get(key) is not None or key in shape.required_members:
                yield member_shape, value.get(key), f"{name}.{key}".lstrip(".")
    elif isinstance(shape, ListShape):
        for number, member in enumerate(value, 1):
            yield shape.member, member, f"{name}.{number}"
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield shape.key, key, f"{name}.key"
            yield shape.value, member, f"{name}.{key}"


@cache
def _pattern(pattern: str) -> regex.Pattern[str]:
    """A pattern of a model. AWS's services match the whole value with it, in Java."""
    # \w and \d are ASCII in Java. Patterns with \p are not: regex.ASCII would also limit \p{L}.
    flags = regex.V0 if r"\p" in pattern else regex.ASCII
    return regex.compile(pattern.replace(SURROGATE_PAIRS, r"\U00010000-\U0010FFFF"), flags)
