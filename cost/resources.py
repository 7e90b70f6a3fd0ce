"""The resources that cost something, with the values of their arguments."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

REFERENCE = re.compile(r"\$\{(aws_\w+)\.([\w-]+)\.(\w+)\}")
SUBNET = re.compile(r"aws_subnet\.[\w-]+|\bsubnet-\w+")
LARGEST = 1e12
"""Above all that AWS sells."""


class UnknownValueError(Exception):
    """Why a resource can't be counted: a value that a price depends on is not known, or none that AWS takes."""


@dataclass(frozen=True)
class Resource:
    """A resource.

    Its methods read arguments: a block is an object in Terraform JSON, and a list in a plan.

    Args:
        stack: the stack's id.
        address: its address in that stack.
        type: its type, such as ``aws_lb``.
        values: its arguments.
        unknown: where values are known only after the apply, as in ``after_unknown`` of a plan.

    Raises:
        UnknownValueError: each method, if the value is not known, or not of the type.
    """

    stack: str
    address: str
    type: str
    values: Mapping[str, Any] = field(compare=False)
    unknown: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def text(self, argument: str, default: str | None = None) -> str:
        """The text of the argument."""
        value = self._get(argument, default)
        if not isinstance(value, str) or "${" in value:
            raise UnknownValueError(f"{argument} is not known")
        return value

    def number(self, argument: str, default: float | None = None) -> float:
        """The number of the argument, which Terraform may write as a text."""
        return _number(argument, self._get(argument, default))

    def flag(self, argument: str) -> bool:
        """Whether the argument is true. By default it is not."""
        value = self._get(argument, False)
        if value not in (True, False, "true", "false"):
            raise UnknownValueError(f"{argument} is not known")
        return value in (True, "true")

    def blocks(self, argument: str) -> list[Json]:
        """The blocks of the argument."""
        value = self._get(argument, [])
        blocks = [value] if isinstance(value, dict) else value
        if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
            raise UnknownValueError(f"{argument} is not known")
        return blocks

    def inner(self, block: str) -> "Resource":
        """The first of the blocks, to read its arguments; without any, one that has none."""
        return Resource(self.stack, self.address, self.type, next(iter(self.blocks(block)), {}))

    def subnets(self, argument: str) -> int:
        """How many subnets the argument lists, also in an expression that leaves some out."""
        value = self._get(argument, None)
        if isinstance(value, list):
            return len(value)
        found = set(SUBNET.findall(value)) if isinstance(value, str) else set()
        if not found:
            raise UnknownValueError(f"{argument} is not known")
        return len(found)

    def containers(self) -> list[Json]:
        """The containers of a task definition."""
        try:
            found = json.loads(str(self._get("container_definitions", "")))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or not all(isinstance(container, dict) for container in found):
            raise UnknownValueError("container_definitions is not known")
        return found

    def _get(self, argument: str, default: object) -> object:
        value = self.values.get(argument)
        if value is None and self.unknown.get(argument) is True:
            raise UnknownValueError(f"{argument} is not known")
        return default if value is None else value


class Resources:
    """The resources of some stacks, by their types."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.all = tuple(resources)

    def of(self, type_: str, stack: str | None = None) -> list[Resource]:
        """The resources of a type; with ``stack``, only of that stack."""
        return [item for item in self.all if item.type == type_ and stack in (None, item.stack)]

    def share(self, resource: Resource, amount: float) -> float:
        """The part of an amount that falls to the resource, if all of its type share it."""
        return amount / len(self.of(resource.type))


def synthesized(stacks: Mapping[str, Json]) -> Resources:
    """The resources in the synthesized JSON of stacks, by their ids.

    A reference to an argument of a resource of the same stack is replaced by its value, as Terraform would.
    """
    return Resources(
        Resource(stack, f"{type_}.{name}", type_, _resolved(arguments, content["resource"]))
        for stack, content in stacks.items()
        for type_, named in content.get("resource", {}).items()
        for name, arguments in named.items()
    )


def region_of(stacks: Mapping[str, Json]) -> str:
    """The AWS Region of the stacks' provider."""
    providers = (provider for content in stacks.values() for provider in content["provider"]["aws"])
    return next(str(provider["region"]) for provider in providers if not provider.get("alias"))


def number_in(block: Mapping[str, Any], argument: str, default: float) -> float:
    """The number of an argument of a block.

    Raises:
        UnknownValueError: if it is none.
    """
    value = block.get(argument)
    return default if value is None else _number(argument, value)


def _number(argument: str, value: object) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= LARGEST:
        raise UnknownValueError(f"{argument} is not known")
    return number


def _resolved(arguments: Mapping[str, Any], resources: Mapping[str, Any]) -> Json:
    """The arguments with the values to which they refer, in texts and in lists of texts."""

    def value(found: re.Match[str]) -> str:
        referred = resources.get(found[1], {}).get(found[2], {}).get(found[3])
        return referred if isinstance(referred, str) and "${" not in referred else found[0]

    return {
        key: REFERENCE.sub(value, argument) if isinstance(argument, str) else argument
        for key, argument in arguments.items()
    }
