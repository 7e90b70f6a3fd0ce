"""Synthesizes stacks and modules for tests, with cdktf's Testing helpers."""

import lazy_bindings  # noqa: F401

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cdktf import App, TerraformStack, Testing as CdktfTesting
from cdktf_cdktf_provider_aws.provider import AwsProvider

from stacks import add_stacks
from tests.environments import load


class SynthesizedStack:
    """The synthesized JSON of one stack."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.json: dict[str, Any] = json.loads(text)

    def all(self, type_: str) -> dict[str, dict[str, Any]]:
        """Every resource of this type, by its name in Terraform."""
        found: dict[str, dict[str, Any]] = self.json.get("resource", {}).get(type_, {})
        return found

    def one(self, type_: str, **attributes: object) -> dict[str, Any]:
        """The only resource of this type that has these attributes."""
        found = [
            resource
            for resource in self.all(type_).values()
            if all(resource.get(key) == value for key, value in attributes.items())
        ]
        assert len(found) == 1, f"{len(found)} of {type_} with {attributes}"
        return found[0]

    def addresses(self) -> list[str]:
        """The address of everything that Terraform would make, read or hand out."""
        resources = [f"{type_}.{name}" for type_, named in self.json.get("resource", {}).items() for name in named]
        ephemeral = [
            f"ephemeral.{type_}.{name}" for type_, named in self.json.get("ephemeral", {}).items() for name in named
        ]
        return sorted(resources + ephemeral)


def app(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> dict[str, SynthesizedStack]:
    """All three stacks of an environment."""
    return _app(environment, tuple(sorted((overrides or {}).items())))


@cache
def _app(environment: str, overrides: tuple[tuple[str, str], ...]) -> dict[str, SynthesizedStack]:
    stacks = add_stacks(CdktfTesting.app(), load(environment, dict(overrides)))
    # Otherwise the outputs that stacks read from each other are missing.
    for stack in stacks:
        stack.prepare_stack()
    return {stack.node.id: SynthesizedStack(CdktfTesting.synth(stack, True)) for stack in stacks}


def module(build: Callable[[TerraformStack], object]) -> SynthesizedStack:
    """A stack with nothing but what ``build`` puts into it."""
    root: App = CdktfTesting.app()
    stack = TerraformStack(root, "stack")
    AwsProvider(stack, "aws", region="eu-central-1")
    build(stack)
    stack.prepare_stack()
    return SynthesizedStack(CdktfTesting.synth(stack, True))
