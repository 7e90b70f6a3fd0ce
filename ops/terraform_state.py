"""What a state of Terraform's is: reads one, and says what is wrong with what is none.

The format is version 4, which Terraform writes since 0.12:
https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statefile/version4.go
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST_LEVELS = 200
"""How deep lists and objects may be nested in each other. Terraform's own stay far below; Python's JSON can't take more
than about a thousand."""
LONGEST_PLACE = 120


class DamagedStateError(Exception):
    """What is wrong with a state; the words follow its name."""


class StateResource(NamedTuple):
    """A resource in Terraform's state, ``aws_vpc`` for example, with its attributes and its address."""

    type: str
    attributes: Mapping[str, Any]
    address: str


class State(NamedTuple):
    """A stack's state.

    Args:
        serial: Terraform raises it with each change.
        lineage: the same in all states of a stack, from its first deploy on.
        terraform_version: the version that wrote it.
        outputs: the values of its outputs, by their names.
        resources: its managed resources, without data sources.
        content: all of it.
    """

    serial: int
    lineage: str
    terraform_version: str
    outputs: Mapping[str, Any]
    resources: list[StateResource]
    content: Mapping[str, Any]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Output(_Shape):
    value: Any


class _Instance(_Shape):
    attributes: dict[str, Any]
    index_key: int | str | None = None


class _Resource(_Shape):
    module: str | None = None
    mode: Literal["managed", "data"]
    type: str
    name: str
    instances: list[_Instance]


class _State(_Shape):
    serial: Annotated[int, Field(ge=0, lt=2**63)]
    lineage: Annotated[str, Field(min_length=1)]
    terraform_version: str
    # Go writes an empty list or map as null.
    outputs: dict[str, _Output] | None = None
    resources: list[_Resource] | None = None


def parse(body: bytes) -> State:
    """Reads a state.

    Raises:
        DamagedStateError: if it is none of version 4.
    """
    content = _json(body)
    if not isinstance(content, dict) or not content.keys() & {"version", "encrypted_data"}:
        raise DamagedStateError("is JSON, but not a state of Terraform's")
    if "encrypted_data" in content:
        raise DamagedStateError("was encrypted by OpenTofu, which Terraform can't read")
    if type(content.get("version")) is not int or content["version"] != 4:
        raise DamagedStateError(f"is a state of {_named(content.get('version'))}, not of version 4")
    try:
        state = _State.model_validate(content)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])[:LONGEST_PLACE]
        raise DamagedStateError(f"is not a state of Terraform's: {place} is missing or wrong") from None
    return State(
        state.serial,
        state.lineage,
        state.terraform_version,
        {name: output.value for name, output in (state.outputs or {}).items()},
        [
            StateResource(resource.type, instance.attributes, _address(resource, instance))
            for resource in state.resources or ()
            if resource.mode == "managed"
            for instance in resource.instances
        ],
        content,
    )


def _json(body: bytes) -> Any:  # noqa: ANN401
    if not body.strip():
        raise DamagedStateError("is empty")
    try:
        content = json.loads(body.decode())
    except RecursionError:
        raise DamagedStateError("is nested too deeply for a state of Terraform's") from None
    except ValueError:
        truncated = body.lstrip().startswith(b"{") and not body.rstrip().endswith(b"}")
        raise DamagedStateError("is truncated" if truncated else "is not JSON") from None
    level = [content]
    for _ in range(MOST_LEVELS):
        level = [child for node in level for child in _children(node)]
    if level:
        raise DamagedStateError("is nested too deeply for a state of Terraform's")
    return content


def _children(node: object) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _named(version: object) -> str:
    if type(version) is not int or not 0 <= version < 100:
        return "an unknown version"
    return f"version {version}" + (" (Terraform 0.11 or older)" if version < 4 else "")


def _address(resource: _Resource, instance: _Instance) -> str:
    index = "" if instance.index_key is None else f"[{json.dumps(instance.index_key)}]"
    return ".".join(filter(None, [resource.module, resource.type, resource.name])) + index
