"""Runs cfn-lint over translated resources."""

import json
import re
from collections.abc import Iterable
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tests.cloudformation.translate import Resource

REFERENCE = re.compile(r"\$\{[^}]*\}")
IGNORED_RULES = ["W1", "W2", "E3019"]
"""W1 and W2 are about parameters, which stand for Terraform's references here. E3019 is about names that are used
twice: the variants of an environment share them."""
LONGEST_MESSAGE = 200


class _Template:
    """A CloudFormation template. References of Terraform's are parameters in it."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._parameters: dict[str, str] = {}
        self.resources = {f"Resource{number}": resource for number, resource in enumerate(resources)}
        declared = {
            id_: {"Type": resource.type, "Properties": self._without_references(resource.properties)}
            for id_, resource in self.resources.items()
        }
        parameters = {id_: {"Type": "String"} for id_ in self._parameters.values()}
        self.text = json.dumps({"Parameters": parameters, "Resources": declared})

    def _without_references(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._without_references(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._without_references(inner) for inner in value]
        if not isinstance(value, str):
            return value
        if REFERENCE.fullmatch(value):
            return {"Ref": self._parameters.setdefault(value, f"Reference{len(self._parameters)}")}
        return REFERENCE.sub(lambda found: _instead_of(found[0]), value)


def findings(resources: Iterable[Resource], region: str) -> list[str]:
    """What cfn-lint finds in the resources for the Region: a line each."""
    template = _Template(resources)
    matches = lint(template.text, config=ManualArgs(regions=[region], ignore_checks=IGNORED_RULES))
    return [
        f"{region}: {_where(template, list(match.path or ()))}: {match.rule.id} {match.message[:LONGEST_MESSAGE]}"
        for match in matches
    ]


def _where(template: _Template, path: list[Any]) -> str:
    if path[:1] != ["Resources"]:
        return ".".join(map(str, path))
    resource = template.resources[path[1]]
    return f"{resource.address}: {'.'.join([resource.type, *map(str, path[3:])])}"


def _instead_of(reference: str) -> str:
    """What stands for a reference inside a longer text: an account's ID, an ARN or a name."""
    if reference.endswith(".account_id}"):
        return "123456789012"
    return "arn:aws:s3:::name" if "arn" in reference else "name"
