"""What an import leaves out of the state, since AWS does not tell it: the next deploy would take it for a change."""

from collections.abc import Iterator, Mapping
from typing import Any


def unread(arguments: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that a resource with these arguments has in the state after a deploy, and lacks after its import.

    Args:
        arguments: as configured.
        attributes: as imported.
    """
    return {
        **write_only(arguments),
        **dict(_for_terraform_only(arguments, attributes)),
        **_major_version(arguments, attributes),
    }


def write_only(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The versions of write-only values, without which the next deploy would store new values; and never a value."""
    versions = {name: value for name, value in arguments.items() if name.endswith("_wo_version")}
    return {**versions, **{name.removesuffix("_wo"): None for name in arguments if name.endswith("_wo")}}


def _for_terraform_only(arguments: Mapping[str, Any], attributes: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """What only tells Terraform how to change or delete the resource, such as ``force_destroy``.

    What is read of AWS is never null if it is true or false.
    """
    for name, value in arguments.items():
        if isinstance(value, bool) and name in attributes and attributes[name] is None:
            yield name, value


def _major_version(arguments: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A configured major version, ``15``, where the import read ``15.19``.

    The provider keeps it as it is in the state. As a change, AWS would refuse it where its default is older than 15.19.
    """
    configured, read = arguments.get("engine_version"), attributes.get("engine_version")
    return {"engine_version": configured} if configured and str(read).startswith(f"{configured}.") else {}
