"""Synthesizes stacks and modules for tests, with cdktf's Testing helpers."""

import lazy_bindings  # noqa: F401

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cdktf import App, TerraformStack, Testing as CdktfTesting
from cdktf_cdktf_provider_aws.provider import AwsProvider

from stacks.data import DataStack
from stacks.network import NetworkStack
from stacks.services import ServicesStack
from tests.environments import load


class Graph:
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


def app(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> dict[str, Graph]:
    """All three stacks of an environment."""
    return _app(environment, tuple(sorted((overrides or {}).items())))


@cache
def _app(environment: str, overrides: tuple[tuple[str, str], ...]) -> dict[str, Graph]:
    chosen = load(environment, dict(overrides))
    root = CdktfTesting.app()
    network = NetworkStack(root, "network", chosen)
    data = DataStack(root, "data", chosen, network=network)
    services = ServicesStack(root, "services", chosen, network=network, data=data)
    stacks = {"network": network, "data": data, "services": services}
    # Otherwise the values that one stack hands to another are missing.
    for stack in stacks.values():
        stack.prepare_stack()
    return {name: Graph(CdktfTesting.synth(stack, True)) for name, stack in stacks.items()}


def module(build: Callable[[TerraformStack], object]) -> Graph:
    """A stack with nothing but what ``build`` puts into it."""
    root: App = CdktfTesting.app()
    stack = TerraformStack(root, "stack")
    AwsProvider(stack, "aws", region="eu-central-1")
    build(stack)
    stack.prepare_stack()
    return Graph(CdktfTesting.synth(stack, True))
