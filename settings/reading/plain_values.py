"""Reads TOML and JSON that may be anything, and refuses what no setting can be.

The parsers' own messages quote what they read, which may be a secret. So a message here has the position alone.
"""

import json
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from settings.reading.errors import SettingsError, shown_key

MAX_FILE_BYTES = 100_000
MAX_DOTS = 500
"""In a line. The time and memory that the parser takes for a key of ``a.a.a…`` grow with the cube of its length."""
MAX_DEPTH = 10
MAX_INTEGER_BITS = 63
POSITION = re.compile(r"\((at [^()]+)\)$")


def read_file(file: Path, shown: str) -> dict[str, Any]:
    """The values of an environment's file, which is UTF-8, with a byte order mark or without.

    Args:
        file: the file.
        shown: what messages call it.

    Raises:
        SettingsError: if it is no readable TOML file of at most ``MAX_FILE_BYTES``.
    """
    try:
        status = os.stat(file)
        # A pipe or a device would never end.
        if not stat.S_ISREG(status.st_mode):
            raise SettingsError(f"{shown}: is a folder or a device, but must be a file")
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{shown}: can't be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise SettingsError(f"{shown}: is larger than {MAX_FILE_BYTES} bytes, the most that is read")
    if any(line.count(b".") > MAX_DOTS for line in content.split(b"\n")):
        raise SettingsError(f"{shown}: has a line of more than {MAX_DOTS} dots, which no setting needs")
    try:
        values = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{shown}: must be UTF-8 text, and is not at line {line}") from None
    except tomllib.TOMLDecodeError as error:
        position = POSITION.search(str(error))
        where = f" {position[1]}" if position else ""
        raise SettingsError(f'{shown}: not valid TOML{where}: a setting is written name = "value"') from None
    except RecursionError:
        raise SettingsError(f"{shown}: is nested more than {MAX_DEPTH} levels deep") from None
    except ValueError:
        raise SettingsError(f"{shown}: not valid TOML: a number has too many digits") from None
    check(values, shown)
    return values


def read_json(text: str, variable: str, expected: str) -> object:
    """The value of a variable that is JSON.

    Args:
        text: the value.
        variable: what messages call the variable.
        expected: what it must be, for the message.

    Raises:
        SettingsError: if it is no JSON, or has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_repetition)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{variable}: not valid JSON at character {error.pos + 1}: {expected}") from None
    except RecursionError:
        raise SettingsError(f"{variable}: is nested more than {MAX_DEPTH} levels deep") from None
    except ValueError:
        raise SettingsError(f"{variable}: not valid JSON: a number has too many digits") from None
    except KeyError:
        raise SettingsError(f"{variable}: not valid JSON: a key is in it twice") from None


def check(value: object, where: str, path: tuple[str, ...] = ()) -> None:
    """Checks that every text is valid Unicode without NUL, every integer has 64 bits, and the depth is limited.

    Raises:
        SettingsError: if not. ``where`` is the file or variable that messages name.
    """
    about = f"{where}: {shown_key(path)}" if path else where
    match value:
        case dict() | list() if len(path) == MAX_DEPTH:
            raise SettingsError(f"{where}: is nested more than {MAX_DEPTH} levels deep")
        case dict():
            for key, inner in value.items():
                check(key, where, path)
                check(inner, where, (*path, key))
        case list():
            for number, inner in enumerate(value):
                check(inner, where, (*path, str(number)))
        case str() if "\0" in value:
            raise SettingsError(f"{about}: must be text without the character NUL")
        case str() if any("\ud800" <= character <= "\udfff" for character in value):
            raise SettingsError(f"{about}: must be UTF-8 text")
        case int() if value.bit_length() > MAX_INTEGER_BITS:
            raise SettingsError(f"{about}: must be an integer of at most {MAX_INTEGER_BITS} bits")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise KeyError
    return found
