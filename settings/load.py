"""Reads an environment's settings and says in one line what is wrong with them."""

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
# A value of these may be a secret that was put in the wrong place.
UNPRINTABLE = {("langfuse", "environment"), ("langfuse", "secrets")}

Path_ = tuple[str, ...]


class SettingsError(Exception):
    """A wrong setting: one line that names the file or variable, the key, the value and what is allowed."""


def known_environments(environments: Path = ENVIRONMENTS) -> list[str]:
    """The environments that there are, by name."""
    return sorted(path.stem for path in environments.glob("*.toml"))


def load_or_exit(variables: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or one line on stderr and exit code 2."""
    try:
        return load(variables)
    except SettingsError as error:
        print(f"settings: {error}", file=sys.stderr)
        sys.exit(2)


def load(variables: Mapping[str, str] = os.environ, *, environments: Path = ENVIRONMENTS) -> Settings:
    """The settings of the environment that ``LANGFUSE_ENV`` names, ``dev`` by default.

    A variable ``LANGFUSE_AWS__<SECTION>__<FIELD>`` overrides the file; lists and tables are written as JSON.

    Raises:
        SettingsError: if there is no such environment, or a value is not allowed.
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
    """Lays the variables over the file's values; returns which variable set which key."""
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
    """``LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__SMTP_HOST``'s last part keeps its case: it names a variable itself."""
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
    """Raises the first of the errors as a line."""
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
    """What pydantic says, in this project's words."""
    if error["type"] == "extra_forbidden":
        section: Any = Settings
        for part in key[:-1]:
            section = section.model_fields[part].annotation
        return f"there is no such setting; known are {', '.join(sorted(section.model_fields.keys() - {'name'}))}"
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return message.replace("Field required", "is required")
