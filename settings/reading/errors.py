"""The error of the settings, and what its message may show.

A key or a value that a user typed into the wrong place may be a secret, and messages end in the logs of CI.
"""

import json
import re

WORD = re.compile(r"[A-Z]?[a-z]{0,30}[0-9]{0,3}|[A-Z]{1,30}[0-9]{0,3}|([A-Z][a-z]{1,20}){1,4}|[A-Za-z][A-Za-z0-9]{0,3}")
SEPARATOR = re.compile(r"[_.:-]")
HIDDEN_KEY = "(key not shown)"
LONGEST_NAME = 128
LONGEST_VALUE = 120


class SettingsError(Exception):
    """A setting is wrong. The message is one line: the file or variable, the setting, and what is allowed."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: str) -> str:
    """The text with escapes for line breaks, control characters and what is no valid Unicode."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def is_name(text: str) -> bool:
    """Whether a text looks like the name of a setting, a variable, a tag or a file, and so not like a secret.

    Names are words of letters, each with a few digits at most: ``vpc_id``, ``OAUTH2_ISSUER`` and ``CostCenter``.
    """
    return 0 < len(text) <= LONGEST_NAME and all(WORD.fullmatch(word) for word in SEPARATOR.split(text))


def shown_key(path: tuple[str, ...]) -> str:
    """The path of a setting for a message, without parts that are no names."""
    return ".".join(part if is_name(part) else HIDDEN_KEY for part in path)


def shown_value(value: object) -> str:
    """The value of a setting for a message, as JSON."""
    text = json.dumps(value, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
