"""Environment variables that set settings: which ones do, what they set, and what is left of the file.

A variable names a setting, an entry of a table, or a whole section or table, which is then JSON. Where two set the
same setting, the one with the longer path wins, in whatever order they are. All others keep the file's value.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from settings.reading.errors import SettingsError, is_name, shown_key
from settings.reading.fields import NAME, Path, kind_of, settings_below
from settings.reading.plain_values import check, read_json

OVERRIDE_PREFIX = "LANGFUSE_AWS__"
MEANT_AS_OVERRIDE = re.compile(r"LANGFUSE_*AWS_", re.IGNORECASE)
OF_LANGFUSE = "LANGFUSE_AWS_BEDROCK_"
"""How Langfuse's own variables begin that look like an override. The tests look for others in its schemas."""
LONGEST_INTEGER = 18


class Override(NamedTuple):
    """A variable that sets a setting, or several."""

    variable: str
    path: Path
    value: object


def read_overrides(variables: Mapping[str, str]) -> list[Override]:
    """The overrides among the variables, the most general first.

    Raises:
        SettingsError: if a variable looks like an override and is none, two name the same setting, or one has a value
            that can't be read.
    """
    found: dict[Path, Override] = {}
    for variable in sorted(variables):
        if not MEANT_AS_OVERRIDE.match(variable) or variable.startswith(OF_LANGFUSE):
            continue
        path = _path_of(variable)
        if path in found:
            both = f"{found[path].variable} and {shown_variable(variable)}"
            raise SettingsError(f"{both}: both set {shown_key(path)}: leave one of them out")
        found[path] = Override(shown_variable(variable), path, _value(variable, path, variables[variable]))
    return sorted(found.values(), key=lambda override: (len(override.path), override.variable))


def merged(values: Mapping[str, Any], overrides: Sequence[Override]) -> dict[str, Any]:
    """The values with the overrides in their place. Tables are merged by key, and lists replaced."""
    result: Any = dict(values)
    for override in overrides:
        result = _merge(result, _nested(override.path, override.value))
    return dict(result)


def sources(overrides: Sequence[Override]) -> dict[Path, str]:
    """The variable that set each value."""
    return {path: override.variable for override in overrides for path in _leaves(override.path, override.value)}


def shown_variable(variable: str) -> str:
    """A variable for a message. What is in the place of its name may be a secret."""
    return variable if is_name(variable) else f"a variable that begins with {OVERRIDE_PREFIX}"


def no_such_setting(path: Path) -> str:
    """What is wrong with a path that names no setting, with the nearest one."""
    section = kind_of(path[:-1])
    known = [name for name in section.type.model_fields if (*path[:-1], name) != NAME] if section else []
    nearest = difflib.get_close_matches(path[-1].lower(), known, 1)
    return "there is no such setting; " + (
        f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(sorted(known))}"
    )


def _path_of(variable: str) -> Path:
    """The setting that a variable names, as a path of keys.

    ``LANGFUSE_AWS__WEB__CPU`` is ``("web", "cpu")``. The keys of a table keep their case, and may have ``__`` in them:
    ``LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__SMTP_HOST`` is ``("langfuse", "environment", "SMTP_HOST")``.
    """
    shown = shown_variable(variable)
    check(variable, f"{shown}: its name")
    if not variable.startswith(OVERRIDE_PREFIX):
        known = [OVERRIDE_PREFIX + "__".join(path).upper() for path in settings_below()]
        nearest = difflib.get_close_matches(variable.upper(), known, 1)
        hint = f"did you mean {nearest[0]}?" if nearest else "docs/settings.md lists them"
        raise SettingsError(f"{shown}: is not the variable of a setting, which begin with {OVERRIDE_PREFIX}: {hint}")
    path: Path = ()
    parts = variable.removeprefix(OVERRIDE_PREFIX).split("__")
    while parts:
        kind = kind_of(path)
        if kind is not None and kind.is_table and not kind.is_table_of_sections:
            return (*path, "__".join(parts))
        if kind is not None and not (kind.is_section or kind.is_table):
            raise SettingsError(f"{shown}: {shown_key(path)} is a value, not a section")
        path = (*path, parts.pop(0).lower())
    if path == NAME:
        raise SettingsError(f"{shown}: name: is the file's name, not a setting")
    return path


def _value(variable: str, path: Path, text: str) -> object:
    """The value of a variable: text, or what its JSON says where the setting is a list, a table or a section."""
    shown, kind = shown_variable(variable), kind_of(path)
    about = f"{shown}: {shown_key(path)}"
    check(text, about)
    if kind is None:
        # There is no such setting, which the model refuses.
        return text
    if kind.type is int and len(text.strip()) > LONGEST_INTEGER:
        raise SettingsError(f"{about}: must be an integer of at most {LONGEST_INTEGER} digits")
    if not (kind.is_section or kind.is_table or kind.is_list):
        return text
    value = read_json(text, about, kind.must_be())
    check(value, shown, path)
    return value


def _nested(path: Path, value: object) -> object:
    for key in reversed(path):
        value = {key: value}
    return value


def _merge(old: object, new: object) -> object:
    if not isinstance(new, dict):
        return new
    if not isinstance(old, dict):
        # It is no section, which the model refuses.
        return old
    return {**old, **{key: _merge(old[key], value) if key in old else value for key, value in new.items()}}


def _leaves(path: Path, value: object) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    else:
        yield path
