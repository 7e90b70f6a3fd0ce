"""Reads secret values by name, from a prompt, a file or standard input; never from an argument."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import typer


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
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise typer.BadParameter(f"{option} {source}: {reason}") from None
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    values = {name.strip(): value.strip() for name, _, value in pairs}
    if unknown := values.keys() - set(names):
        # Not the line: it may be a password that lost its name.
        raise typer.BadParameter(f"{option}: {len(unknown)} line(s) with another name than {', '.join(names)}")
    if missing := [name for name in names if not values.get(name)]:
        raise typer.BadParameter(f"{option}: {', '.join(missing)}: missing")
    return values
