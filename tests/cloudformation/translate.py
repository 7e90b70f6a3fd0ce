"""Translates the synthesized resources to CloudFormation, by the property names in cfn-lint's schemas of its types."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cfnlint.data.schemas.extensions import aws_rds_dbinstance
from cfnlint.helpers import load_resource
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.cloudformation.translations import NOTHING_TO_CHECK, TRANSLATIONS, Translation
from tests.synthesis import SynthesizedStack

Json = dict[str, Any]

OWN_ARGUMENTS = {"//", "depends_on", "lifecycle", "tags"}
"""Arguments that are about Terraform, or free text."""
MAJOR_VERSION = re.compile(r"\d+")
ACCOUNT_ID = re.compile(r"\$\{data\.aws_caller_identity\.[\w-]+\.account_id\}")
"""Within the ARNs of a policy, whose form cfn-lint checks."""


class Resource(NamedTuple):
    """A resource in CloudFormation's form, and its address in Terraform."""

    address: str
    type: str
    properties: Json


def translated(stacks: Iterable[SynthesizedStack]) -> Iterator[Resource]:
    """Yields the resources of the stacks in CloudFormation's form.

    Raises:
        LookupError: if it is not known how a type or an argument is translated.
    """
    for stack in stacks:
        for type_, resources in stack.json.get("resource", {}).items():
            if type_ in NOTHING_TO_CHECK:
                continue
            if type_ not in TRANSLATIONS:
                raise LookupError(f"{type_}: add it to tests/cloudformation/translations.py")
            for name, arguments in resources.items():
                for translation in TRANSLATIONS[type_]:
                    translator = _Translator(f"{type_}.{name}", translation)
                    properties = translator.properties(arguments)
                    if translation.type == "AWS::RDS::DBInstance":
                        properties["EngineVersion"] = _with_minor_version(properties["EngineVersion"])
                    yield Resource(f"{type_}.{name}", translation.type, properties)


def _with_minor_version(version: str) -> str:
    """The newest minor version, of those that cfn-lint knows, if ``version`` is a PostgreSQL major version alone.

    RDS chooses one too. cfn-lint takes most major versions alone for deprecated ones (W3691).
    """
    if not MAJOR_VERSION.fullmatch(version):
        return version
    known = json.dumps(load_resource(aws_rds_dbinstance, "engine_version.json"))
    minors = {int(minor) for minor in re.findall(rf'"{version}\.(\d+)"', known)}
    return f"{version}.{max(minors)}" if minors else version


class _Translator:
    """Translates the arguments of one resource."""

    def __init__(self, address: str, translation: Translation) -> None:
        self._address = address
        self._translation = translation
        self._schema: Json = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", translation.type).schema

    def properties(self, arguments: Json) -> Json:
        only = self._translation.only or arguments.keys()
        chosen = {argument: value for argument, value in arguments.items() if argument in only}
        if not self._translation.inside:
            return {**self._object(chosen, self._schema), **self._translation.added}
        inside = self._resolved(self._schema["properties"][self._translation.inside])
        return {self._translation.inside: self._object(chosen, inside), **self._translation.added}

    def _object(self, arguments: Json, schema: Json, path: str = "") -> Json:
        properties: Json = {}
        for argument, value in arguments.items():
            if not path and argument in OWN_ARGUMENTS:
                continue
            name = self._name(path + argument, argument, schema)
            if name == ".":
                [block] = value if isinstance(value, list) else [value]
                properties |= self._object(block, schema, f"{path}{argument}.")
            elif name:
                self._set(properties, schema, name.split("."), value, f"{path}{argument}.")
        return properties

    def _name(self, path: str, argument: str, schema: Json) -> str | None:
        if path in self._translation.names:
            return self._translation.names[path]
        wanted = argument.replace("_", "").lower()
        for name in schema["properties"]:
            if name.lower() in (wanted, f"{wanted}s"):
                return str(name)
        unknown = f"{self._translation.type} has no such property: name it in tests/cloudformation/translations.py"
        raise LookupError(f"{self._address}: {path}: {unknown}")

    def _set(self, properties: Json, schema: Json, names: list[str], value: Any, path: str) -> None:
        """Sets the property that ``names`` lead to."""
        first, *rest = names
        inner = self._resolved(schema["properties"][first])
        if not rest:
            properties[first] = self._value(value, inner, path)
        elif "items" in inner:
            self._set(properties.setdefault(first, [{}])[0], self._resolved(inner["items"]), rest, value, path)
        else:
            self._set(properties.setdefault(first, {}), inner, rest, value, path)

    def _value(self, value: Any, schema: Json, path: str) -> Any:
        """The value in the form that the schema of its property asks for."""
        if "items" in schema:
            return self._list(value, self._resolved(schema["items"]), path)
        if isinstance(value, list) and "properties" not in schema:
            # blocks with a name and a value, for a property that is a map
            return {block["name"]: block["value"] for block in value}
        if isinstance(value, list):
            [value] = value
        if isinstance(value, str) and value.startswith("{"):
            return json.loads(ACCOUNT_ID.sub("123456789012", value))
        if isinstance(value, dict) and "properties" in schema:
            return self._object(value, schema, path)
        if isinstance(value, bool) and "ENABLED" in schema.get("enum", ()):
            return "ENABLED" if value else "DISABLED"
        return value

    def _list(self, value: Any, items: Json, path: str) -> list[Any]:
        if isinstance(value, str) and value.startswith("["):
            value = json.loads(value)
        if isinstance(value, dict) and items.get("properties", {}).keys() == {"Name", "Value"}:
            return [{"Name": name, "Value": inner} for name, inner in value.items()]
        return [self._value(each, items, path) for each in (value if isinstance(value, list) else [value])]

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self._schema["definitions"][schema["$ref"].rpartition("/")[2]]
        return schema
