"""Reads the JSON that ``terraform show -json`` writes of a plan."""

import json
from pathlib import Path
from typing import Any, NoReturn

import typer
from pydantic import BaseModel, ValidationError

from ops.review.plan_format import Change, Configuration, Plan, Waiting
from ops.review.text import shortened
from settings.reading.errors import printable

LARGEST_FILE_MIB = 100
TOO_DEEP = "is nested too deeply"


class StackPlan(BaseModel):
    """The plan of a stack, or the stacks that must be applied before it can be planned."""

    stack: str
    plan: Plan | None = None
    waits_for: list[str] = []
    configuration: Configuration | None = None

    @property
    def known_configuration(self) -> Configuration:
        """The configuration, an empty one if it is not known."""
        return self.configuration or Configuration()

    def expressions(self, change: Change) -> dict[str, Any] | None:
        """The expressions of the resource's arguments in the configuration, None if they are not there."""
        found = [item for item in self.known_configuration.root_module.resources if item.address == change.address]
        return found[0].expressions if found else None

    @property
    def changes(self) -> list[Change]:
        """The changes of resources."""
        if self.plan is None:
            return []
        return [change for change in self.plan.resource_changes if change.mode == "managed" and change.kind != "none"]


def read(path: Path) -> StackPlan:
    """Reads a plan. The file's name is the stack's name.

    Raises:
        typer.BadParameter: if the file is not a plan.
    """
    try:
        document = json.loads(_text(path), object_pairs_hook=_object, parse_constant=_refuse)
    except OSError as error:
        _fail(path, error.strerror or "can't be read")
    except UnicodeDecodeError:
        _fail(path, "is not UTF-8")
    except ValueError:
        _fail(path, "is not JSON")
    except RecursionError:
        _fail(path, TOO_DEEP)
    keys = document.keys() if isinstance(document, dict) else set()
    if not keys & {"resource_changes", "waits_for", "planned_values"}:
        _fail(path, "is not what `terraform show -json` writes of a plan")
    try:
        if "waits_for" in keys:
            waiting = Waiting.model_validate(document)
            return StackPlan(stack=path.stem, waits_for=waiting.waits_for, configuration=waiting.configuration)
        plan = Plan.model_validate(document)
        return StackPlan(stack=path.stem, plan=plan, configuration=plan.configuration)
    except ValidationError as error:
        _fail(path, reason(error))
    except RecursionError:
        _fail(path, TOO_DEEP)


def _text(path: Path) -> str:
    if not path.is_file():
        raise OSError(0, "is not a file" if path.exists() else "does not exist")
    if path.stat().st_size > LARGEST_FILE_MIB << 20:
        raise OSError(0, f"is larger than {LARGEST_FILE_MIB} MiB")
    return path.read_bytes().decode()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def reason(error: ValidationError) -> str:
    """Where and what the first error is, without the value, which can be a secret."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    what = first["msg"].removeprefix("Value error, ")
    return f"{place}: {what}" if place else what


def _fail(path: Path, reason: str) -> NoReturn:
    raise typer.BadParameter(f"{printable(shortened(str(path)))}: {reason}") from None
