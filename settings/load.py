"""Reads and validates the settings of an environment, and reports what is wrong with them in one line."""

import json
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.model import Settings
from settings.section import REFUSED

ENVIRONMENTS = Path(__file__).parent.parent / "environments"
OVERRIDE_PREFIX = "LANGFUSE_AWS__"
# Error messages leave these values out: one may be a secret in the wrong place.
UNPRINTABLE = {("langfuse", "environment"), ("langfuse", "secrets")}

Path_ = tuple[str, ...]


class SettingsError(Exception):
    """A setting is wrong. The message is one line: the file or variable, the setting, its value and what is allowed."""


def known_environments(environments: Path = ENVIRONMENTS) -> list[str]:
    """The names of all environments, sorted."""
    return sorted(path.stem for path in environments.glob("*.toml"))


def load_or_exit(variables: Mapping[str, str] = os.environ) -> Settings:
    """Loads the settings; if they are wrong, prints one line to stderr and exits with code 2."""
    try:
        return load(variables)
    except SettingsError as error:
        print(f"settings: {error}", file=sys.stderr)
        sys.exit(2)


def load(variables: Mapping[str, str] = os.environ, *, environments: Path = ENVIRONMENTS) -> Settings:
    """Loads the settings of the environment that ``LANGFUSE_ENV`` in ``variables`` names, ``dev`` by default.

    A variable ``LANGFUSE_AWS__<SECTION>__<FIELD>`` overrides the file. Its value is JSON for a list or a table.

    Raises:
        SettingsError: if the environment does not exist, or a value is not allowed.
    """
    name = variables.get("LANGFUSE_ENV") or "dev"
    file = environments / f"{name}.toml"
    known = known_environments(environments)
    if name not in known:
        raise SettingsError(f"LANGFUSE_ENV = {json.dumps(name)}: must be one of {', '.join(known)}")
    shown_file = os.path.relpath(file)
    try:
        values = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{shown_file}: not valid TOML: {error}") from None
    overridden = _override(values, variables)
    if "name" in values:
        raise SettingsError(f"{overridden.get(('name',), shown_file)}: name: is the file's name, not a setting")
    try:
        return Settings.model_validate({**values, "name": name})
    except ValidationError as error:
        _refuse(error.errors(), shown_file, overridden)


def _override(values: dict[str, Any], variables: Mapping[str, str]) -> dict[Path_, str]:
    """Sets the values of the variables in ``values``. Returns the variable that set each key."""
    overridden: dict[Path_, str] = {}
    for variable, text in variables.items():
        if not variable.startswith(OVERRIDE_PREFIX):
            continue
        key = _key_of(variable)
        section = values
        for part in key[:-1]:
            section = section.setdefault(part, {})
            if not isinstance(section, dict):
                raise SettingsError(f"{variable}: {part} is a value, not a section")
        section[key[-1]] = _parse(variable, text)
        overridden[key] = variable
    return overridden


def _key_of(variable: str) -> Path_:
    """The setting that a variable names, as a path of keys.

    ``LANGFUSE_AWS__WEB__CPU`` is ``("web", "cpu")``. From the third key on, names keep their case:
    ``LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__SMTP_HOST`` is ``("langfuse", "environment", "SMTP_HOST")``.
    """
    parts = variable.removeprefix(OVERRIDE_PREFIX).split("__")
    key = tuple(part.lower() for part in parts)
    return (*key[:2], "__".join(parts[2:])) if len(key) > 2 else key


def _parse(variable: str, text: str) -> object:
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{variable}: not valid JSON: {error.msg} at character {error.pos}") from None


def _refuse(errors: list[ErrorDetails], file: str, overridden: Mapping[Path_, str]) -> NoReturn:
    """Raises ``SettingsError`` for the first of the errors, with the number of the others."""
    first = errors[0]
    key = tuple(str(part) for part in first["loc"] if part != "[key]")
    value: object = first["input"]
    if first["type"] == REFUSED:
        key += tuple(first["ctx"]["key"].split("."))
        value = first["ctx"]["value"]
    secret = key[:2] in UNPRINTABLE or (isinstance(value, dict) and first["type"] == "value_error")
    shown = ".".join(key) if secret else f"{'.'.join(key)} = {json.dumps(value, default=str)}"
    where = next((overridden[key[:n]] for n in range(len(key), 0, -1) if key[:n] in overridden), file)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    raise SettingsError(f"{where}: {shown}: {_allowed(first, key)}{more}")


def _allowed(error: ErrorDetails, key: Path_) -> str:
    """What is allowed instead, from the error's message."""
    if error["type"] == "extra_forbidden":
        section: Any = Settings
        for part in key[:-1]:
            section = section.model_fields[part].annotation
        return f"there is no such setting; known are {', '.join(sorted(section.model_fields.keys() - {'name'}))}"
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return message.replace("Field required", "is required")
