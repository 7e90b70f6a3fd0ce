"""What is wrong with variables of ``langfuse.environment`` and ``langfuse.secrets``, and what they lack."""

from collections.abc import Collection, Mapping

from settings.variables import groups, write_mode
from settings.variables.filled import instead_of
from settings.variables.rules import misspelt, wrong_value
from settings.variables.secret_values import REMEDY, looks_secret
from settings.versions import known_major


def conflict(langfuse: str, environment: Mapping[str, str], secrets: Collection[str]) -> tuple[str, str] | None:
    """The setting of the first wrong variable, ``environment.<NAME>`` or ``secrets.<NAME>``, and what is allowed.

    No message has a value, since that may be a secret.

    Args:
        langfuse: the version of Langfuse.
        environment: the variables whose values are in the settings.
        secrets: the names of those whose values are in Secrets Manager.
    """
    keys = {**{name: f"secrets.{name}" for name in secrets}, **{name: f"environment.{name}" for name in environment}}
    for name, key in keys.items():
        if wrong := _wrong_name(langfuse, name) or (name in environment and _wrong(langfuse, name, environment[name])):
            return key, wrong
        if name in environment and name in secrets:
            return key, "is set in both langfuse.environment and langfuse.secrets: remove one of them"
        if name in write_mode.VARIABLES and name in secrets:
            return key, "is no secret: write it to langfuse.environment, where it is checked"
    if wrong := write_mode.conflict(known_major(langfuse), environment):
        return f"environment.{write_mode.WRITE_MODE}", wrong
    return None


def lacking(environment: Mapping[str, str], secrets: Collection[str]) -> tuple[str, str] | None:
    """The first variable that does nothing without others, and what it needs."""
    # Langfuse takes an empty variable for one that is not set.
    given = {name: value for name, value in environment.items() if value} | dict.fromkeys(secrets)
    return groups.lacking(given)


def _wrong_name(langfuse: str, name: str) -> str | None:
    if instead := instead_of(name):
        return instead
    meant = misspelt(langfuse, name)
    return f"is not known: did you mean {meant}?" if meant else None


def _wrong(langfuse: str, name: str, value: str) -> str | None:
    if value and looks_secret(name, value):
        return REMEDY.format(name=name)
    return wrong_value(langfuse, name, value)
