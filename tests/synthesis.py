"""Synthesizes the stacks for tests, with cdktf's Testing helpers."""

import lazy_bindings  # noqa: F401

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cdktf import Testing as CdktfTesting

from stacks import add_stacks
from tests.environments import load


class SynthesizedStack:
    """The synthesized JSON of one stack."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.json: dict[str, Any] = json.loads(text)

    def resources(self, type_: str) -> dict[str, dict[str, Any]]:
        """Returns all resources of the type, by their Terraform names."""
        return dict(self.json.get("resource", {}).get(type_, {}))

    def resource(self, type_: str, **attributes: object) -> dict[str, Any]:
        """Returns the resource of the type with these attributes. Fails unless there is exactly one."""
        matching = [
            resource
            for resource in self.resources(type_).values()
            if all(resource.get(key) == value for key, value in attributes.items())
        ]
        assert len(matching) == 1, f"{len(matching)} of {type_} with {attributes}"
        return matching[0]

    def addresses(self) -> list[str]:
        """Returns the addresses of all resources and ephemeral resources, sorted."""
        resources = [f"{type_}.{name}" for type_, named in self.json.get("resource", {}).items() for name in named]
        ephemeral = [
            f"ephemeral.{type_}.{name}" for type_, named in self.json.get("ephemeral", {}).items() for name in named
        ]
        return sorted(resources + ephemeral)


def app(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> dict[str, SynthesizedStack]:
    """Synthesizes all stacks of an environment, once per process, and returns them by id."""
    return _app(environment, tuple(sorted((overrides or {}).items())))


@cache
def _app(environment: str, overrides: tuple[tuple[str, str], ...]) -> dict[str, SynthesizedStack]:
    stacks = add_stacks(CdktfTesting.app(), load(environment, dict(overrides)))
    # Otherwise the outputs that stacks read from each other are missing.
    for stack in stacks:
        stack.prepare_stack()
    return {stack.node.id: SynthesizedStack(CdktfTesting.synth(stack, True)) for stack in stacks}
