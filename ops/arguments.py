"""Checks of arguments."""

import re
from collections.abc import Callable

import typer


def matching(pattern: str, allowed: str) -> Callable[[str], str]:
    """Returns the callback of an option whose value must match a pattern; ``allowed`` says so in words."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise typer.BadParameter(f"must be {allowed}")
        return value

    return check
