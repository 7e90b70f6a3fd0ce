"""What the commands print: a table for people, JSON for scripts; and the options that they share.

Nothing is cut, and only the terminal itself wraps lines, so that what is copied from it is whole.
"""

import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from entry_point import one_line

UNLIMITED = 1_000_000
"""The width of a pipe, in which every row of a table is a line."""

# Text comes from AWS, so brackets in it are not markup.
console = Console(width=None if sys.stdout.isatty() else UNLIMITED, highlight=False, markup=False, soft_wrap=True)

Apply = Annotated[bool, typer.Option("--apply", help="Make the change. Without this, only show it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def print_json(answer: object) -> None:
    """Prints JSON on standard output."""
    print(json.dumps(answer, indent=2, default=str))


def table(*columns: str, rows: Iterable[Iterable[object]]) -> Table:
    """A table of texts. Lines in a text are separated by commas."""
    new_table = Table(*(Column(column, overflow="fold") for column in columns))
    for row in rows:
        new_table.add_row(*(Text(one_line(", ".join(str(cell).splitlines()))) for cell in row))
    return new_table


def show(shown: Table, title: str | None = None, to: Console = console) -> None:
    """Prints a table, or each of its rows as lines ``column: text`` if the terminal is too narrow for it."""
    if title:
        to.print(Text(title, "italic"))
    if Measurement.get(to, to.options.update(width=UNLIMITED), shown).maximum <= to.width:
        to.print(shown)
        return
    headers = [str(column.header) for column in shown.columns]
    for row in zip(*(column.cells for column in shown.columns), strict=True):
        to.print()
        for header, cell in zip(headers, row, strict=True):
            if str(cell):
                to.print(f"{header}: {cell}")


def say_dry_run(*, changes: bool) -> None:
    """Prints the last line of a run without ``--apply``."""
    console.print("Nothing was changed: add --apply to do it." if changes else "Nothing to do.")
