"""What the commands print: a table for people, JSON for scripts, and the options that they share."""

import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

# In a pipe, a line is as long as it needs to be. Text comes from AWS, and brackets in it are no markup.
console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)

Apply = Annotated[bool, typer.Option("--apply", help="Do it. Without this, only tell what would be done.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def print_json(answer: object) -> None:
    """Prints what a script reads."""
    print(json.dumps(answer, indent=2, default=str))


def table(*columns: str, rows: Iterable[Iterable[object]], title: str | None = None) -> Table:
    """A table whose last column takes long text."""
    made = Table(*columns[:-1], Column(columns[-1], overflow="fold"), title=title, title_justify="left")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    return made


def say_dry_run(*, changes: bool) -> None:
    """Ends a dry run."""
    console.print("Nothing was changed: add --apply to do it." if changes else "Nothing to do.")
