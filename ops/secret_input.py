"""Reads secret values by name, from a prompt, a file or standard input; never from an argument."""

import sys
from collections.abc import Collection, Sequence
from contextlib import nullcontext

import typer

LARGEST_BYTES = 64 * 1024
"""Of a value, and of a file with values:
https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"""


def read(source: str | None, option: str, names: Sequence[str], *, hidden: Collection[str]) -> dict[str, str]:
    """Reads a value for each of ``names``.

    Args:
        source: a file with lines ``NAME=value``, or ``-`` for standard input; empty lines and those that start with #
            are ignored. With None, the terminal asks for the values.
        option: the option that named the source, for error messages.
        names: the names, all of them required.
        hidden: the names whose values the terminal does not show as they are typed.

    Raises:
        typer.BadParameter: if a name is missing or unknown, or the source can't be read.
    """
    if source is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter(f"there is no terminal to ask at: give them with {option} FILE, or {option} -")
        return {name: typer.prompt(name, hide_input=name in hidden, err=True).strip() for name in names}
    try:
        text = _text(source)
    except (OSError, ValueError) as error:
        # Without the file's name: it may be the secret, in the wrong place.
        reason = error.strerror if isinstance(error, OSError) else error
        raise typer.BadParameter(f"{option}: {reason}") from None
    lines = [line.strip() for line in text.split("\n")]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    values: dict[str, str] = {}
    for key, _, value in pairs:
        name = key.strip()
        if name in values and name in names:
            raise typer.BadParameter(f"{option}: {name} is given twice")
        values[name] = value.strip()
    if unknown := values.keys() - set(names):
        # Not the line: it may be a password that lost its name.
        raise typer.BadParameter(f"{option}: {len(unknown)} line(s) with another name than {', '.join(names)}")
    if missing := [name for name in names if not values.get(name)]:
        raise typer.BadParameter(f"{option}: {', '.join(missing)}: missing")
    if unprintable := [name for name in names if not values[name].isprintable()]:
        raise typer.BadParameter(f"{option}: {', '.join(unprintable)}: there are control characters in the value")
    return values


def _text(source: str) -> str:
    """The text of a file or of standard input.

    Raises:
        OSError: if it can't be read.
        ValueError: if it is too large, or not text.
    """
    with nullcontext(sys.stdin.buffer) if source == "-" else open(source, "rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"has more than {LARGEST_BYTES // 1024} KiB")
    try:
        # Windows's editors write a byte order mark.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8") from None
