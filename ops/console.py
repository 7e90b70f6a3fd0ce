"""What the commands print: a table for people, JSON for scripts; and the options that they share."""

import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

# In a pipe, lines are not wrapped to a terminal's width. Text comes from AWS, so brackets in it are not markup.
console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)

Apply = Annotated[bool, typer.Option("--apply", help="Make the change. Without this, only show it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def print_json(answer: object) -> None:
    """Prints JSON on standard output."""
    print(json.dumps(answer, indent=2, default=str))


def table(*columns: str, rows: Iterable[Iterable[object]], title: str | None = None) -> Table:
    """A table; the text of its last column may be long."""
    new_table = Table(*columns[:-1], Column(columns[-1], overflow="fold"), title=title, title_justify="left")
    for row in rows:
        new_table.add_row(*(Text(str(cell)) for cell in row))
    return new_table


def say_dry_run(*, changes: bool) -> None:
    """Prints the last line of a run without ``--apply``."""
    console.print("Nothing was changed: add --apply to do it." if changes else "Nothing to do.")
