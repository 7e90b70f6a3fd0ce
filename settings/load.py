"""Reads and validates the settings of an environment, and reports what is wrong with them in one line."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from settings.model import Settings
from settings.reading.errors import SettingsError, is_name, shown_value
from settings.reading.given import Given
from settings.reading.ineffective import refuse_ineffective
from settings.reading.overrides import OVERRIDE_PREFIX, read_overrides
from settings.reading.plain_values import read_file
from settings.reading.refusals import refusal

__all__ = ["ENVIRONMENTS", "OVERRIDE_PREFIX", "SettingsError", "known_environments", "load", "load_or_exit"]

ENVIRONMENTS = Path(__file__).parent.parent / "environments"


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

    A variable ``LANGFUSE_AWS__<SECTION>__<FIELD>`` overrides the file. Its value is JSON for a list, a table or a
    section.

    Raises:
        SettingsError: if the environment does not exist, or a value is not allowed.
    """
    name = variables.get("LANGFUSE_ENV") or "dev"
    known = known_environments(environments)
    if name not in known:
        shown = f"LANGFUSE_ENV = {shown_value(name)}" if is_name(name) else "LANGFUSE_ENV"
        raise SettingsError(f"{shown}: must be one of {', '.join(known)}")
    file = f"{environments.name}/{name}.toml"
    values = read_file(environments / f"{name}.toml", file)
    if "name" in values:
        raise SettingsError(f"{file}: name: is the file's name, not a setting")
    given = Given(name, file, values, read_overrides(variables))
    try:
        settings = given.settings()
    except ValidationError as error:
        raise refusal(given, error) from None
    refuse_ineffective(settings, given)
    return settings
