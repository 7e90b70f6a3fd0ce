"""The resources of an environment, from the synthesized JSON of its stacks, and which of them refer to which."""

import re
from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from synth.configurations import stacks_in

Json = dict[str, Any]

ADDRESS = re.compile(r"(?:data\.)?\baws_[a-z0-9_]+\.[A-Za-z][A-Za-z0-9_-]*")
OF_STACK = re.compile(r"\$\{@([\w-]+)/([^}]+)\}")
"""How the values of a resource that goes away refer to another: in a plan, they have its id instead."""
OUTPUT = re.compile(r"terraform_remote_state\.cross-stack-reference-input-([\w-]+)\.outputs\.([\w-]+)")


@dataclass(frozen=True)
class Resource:
    """A resource or a data source.

    Args:
        stack: the stack's id.
        address: its address in that stack, which starts with ``data.`` for a data source.
        type: its type, such as ``aws_lb``.
        values: its arguments.
    """

    stack: str
    address: str
    type: str
    values: Json = field(compare=False)

    @property
    def key(self) -> str:
        """What names it among all stacks."""
        return f"{self.stack}/{self.address}"


class Graph:
    """The resources of all stacks.

    Args:
        stacks: the JSON of each stack, by its id.
        gone: resources that are not in it any more, but still in AWS.
    """

    def __init__(self, stacks: Mapping[str, Json], gone: Collection[Resource] = ()) -> None:
        self._stacks = stacks
        self._resources = {
            (stack, address): Resource(stack, address, type_, values)
            for stack, content in stacks.items()
            for block, prefix in (("resource", ""), ("data", "data."))
            for type_, named in content.get(block, {}).items()
            for name, values in named.items()
            for address in [f"{prefix}{type_}.{name}"]
        }
        self._resources |= {(item.stack, item.address): item for item in gone}
        self.gone = {item.key for item in gone}
        """The keys of the resources that go away."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The graph of the stacks below ``cdktf.out/stacks``.

        Raises:
            FileNotFoundError: if nothing was synthesized there.
        """
        return cls(stacks_in(folder))

    def without(self, keys: Set[str]) -> "Graph":
        """The same graph without some resources."""
        graph = Graph(self._stacks)
        graph._resources = {place: item for place, item in self._resources.items() if item.key not in keys}
        return graph

    @cached_property
    def region(self) -> str:
        """The AWS Region of the stacks' provider."""
        providers = (provider for stack in self._stacks.values() for provider in stack["provider"]["aws"])
        return next(str(provider["region"]) for provider in providers if not provider.get("alias"))

    @cached_property
    def name(self) -> str:
        """The environment's name, as in its resources' tags."""
        provider = next(iter(self._stacks.values()))["provider"]["aws"][0]
        return str(provider["default_tags"][0]["tags"]["Environment"])

    def all(self) -> Iterator[Resource]:
        """Every resource and data source."""
        return iter(self._resources.values())

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types, in the order of the JSON; a data source's type starts with ``data.``."""
        return [item for item in self.all() if f"{'data.' * item.address.startswith('data.')}{item.type}" in types]

    def referred(self, resource: Resource, *arguments: str) -> list[Resource]:
        """The resources to which the arguments refer, or else all arguments, also through outputs of other stacks."""
        values = [resource.values.get(argument) for argument in arguments] if arguments else resource.values
        return list(dict.fromkeys(self._referred(resource.stack, values)))

    def _referred(self, stack: str, value: object) -> Iterator[Resource]:
        if isinstance(value, dict):
            for each in value.values():
                yield from self._referred(stack, each)
        elif isinstance(value, list):
            for each in value:
                yield from self._referred(stack, each)
        elif isinstance(value, str) and "${" in value:
            for owner, address in OF_STACK.findall(value):
                if found := self._resources.get((owner, address)):
                    yield found
            for producer, output in OUTPUT.findall(value):
                yield from self._referred(producer, self._stacks[producer]["output"][output]["value"])
            for address in ADDRESS.findall(value):
                if found := self._resources.get((stack, address)):
                    yield found
