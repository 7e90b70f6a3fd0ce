"""The tables of this package: what AWS's service authorization reference does not say.

How requests name resources, and which operations need an action of another name or further actions.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import jmespath

from local.emulator.authorization import reference
from local.emulator.authorization.reference import ResourceType
from local.emulator.requests import Parameters

PREFIXES = {
    "cloudwatch": "cloudwatch",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
    "sesv2": "ses",
}
"""The prefix of a service's actions, by botocore's name of the service, where they differ."""

GLOBAL = {"cloudfront", "iam", "route53"}
"""The services without a region: ``aws:RequestedRegion`` is us-east-1.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""


@dataclass(frozen=True)
class Keys:
    """The KMS keys that an operation uses. See action_names.toml."""

    parameters: list[str]
    actions: list[str]
    via: str


@dataclass(frozen=True)
class Names:
    """What AWS authorizes in an operation. See action_names.toml."""

    action: str
    action_with: Mapping[str, str] = field(default_factory=dict)
    also: list[str] = field(default_factory=list)
    also_with: Mapping[str, str] = field(default_factory=dict)
    tags: str | None = None
    tags_on: str | None = None
    pass_roles: Mapping[str, list[str]] = field(default_factory=dict)
    service_linked_role: str | None = None
    service_linked_role_with: str | None = None
    keys: Keys | None = None
    resource_types: list[str] | None = None
    required: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)


def load(name: str) -> Mapping[str, Any]:
    """A table of this package."""
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


@cache
def names(service: str, operation: str) -> Names:
    """What AWS authorizes in an operation, by botocore's names."""
    entry = {"action": f"{PREFIXES.get(service, service)}:{operation}"} | _named().get(service, {}).get(operation, {})
    keys = entry.pop("keys", None)
    return Names(**entry, keys=keys and Keys(**keys))


@cache
def types(action: reference.Action, names: tuple[str, ...] | None, required: tuple[str, ...]) -> list[ResourceType]:
    """The resource types of an action: those of the reference, or those of these names."""
    found = list(action.types)
    if names is not None:
        found = [reference.resource_type(action.name.partition(":")[0], name) for name in names]
    return [ResourceType(t.service, t.name, t.required or t.name in required, t.arn, t.condition_keys) for t in found]


@cache
def variables(service: str, resource_type: str) -> Mapping[str, list[str]]:
    """The parameters that have the values of the variables in the ARN of a resource."""
    found: Mapping[str, list[str]] = _resources().get(service, {}).get(resource_type, {})
    return found


@cache
def ec2_ids() -> Mapping[str, str]:
    """The resource types of EC2 by the prefix of their IDs."""
    return load("ec2_ids.toml")


@cache
def _named() -> Mapping[str, Any]:
    return load("action_names.toml")


@cache
def _resources() -> Mapping[str, Any]:
    return load("resources.toml")


@cache
def _compiled(expression: str) -> Any:  # noqa: ANN401  jmespath has no types
    return jmespath.compile(expression)


def search(expression: str, parameters: Parameters) -> Any:  # noqa: ANN401  of any parameter
    """The value of a JMESPath."""
    if expression.isidentifier():
        return parameters.get(expression)
    return _compiled(expression).search(parameters)


def texts(expressions: list[str], parameters: Parameters) -> list[str]:
    """The texts that the first of these JMESPaths has which has any. ``=TEXT`` stands for the text."""
    for expression in expressions:
        if expression.startswith("="):
            return [expression[1:]]
        value = search(expression, parameters)
        found = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]
        if found:
            return found
    return []
