"""Shows the progress of a deploy: a live table on a terminal, otherwise single lines."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.progress import Progress, minutes

SILENCE_SECONDS = 30
"""Without a terminal, a line is printed after this time without any, while a stack is in work."""


class View:
    """Shows a deploy's progress on a console."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._stage = ""
        self._last_line_at = progress.started_at
        self._spinner = Spinner("dots")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Updates the table on a terminal during the ``with`` block."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=self._table, console=self._console, refresh_per_second=8):
            yield
            self._stage = ""

    def stage(self, name: str) -> None:
        """Shows the name of a stage, such as planning, as long as no stack is in work."""
        self._stage = name
        if not self._console.is_terminal:
            self._say(name)

    def read(self, line: str) -> None:
        """Parses a line of cdktf's output, without colours, and shows what it changes."""
        stack = self._progress.read(line)
        if self._console.is_terminal:
            return
        now = self._progress.clock()
        if stack:
            self._say(f"{stack.name}: {stack.describe(now)}")
        elif now - self._last_line_at >= SILENCE_SECONDS:
            for silent in self._progress.in_work:
                self._say(f"{silent.name}: {silent.describe(now)}")

    def _say(self, text: str) -> None:
        self._last_line_at = self._progress.clock()
        self._console.print(f"{self._elapsed()}  {text}")

    def _elapsed(self) -> str:
        return minutes(self._progress.clock() - self._progress.started_at)

    def _table(self) -> RenderableType:
        """The table: the elapsed time, and a row for each stack."""
        rows = Table.grid(padding=(0, 2))
        for stack in self._progress.stacks.values():
            mark = self._spinner if stack.ended_at is None else Text("✔", "green")
            rows.add_row(mark, Text(stack.name, "bold"), Text(stack.describe(self._progress.clock())))
        if self._stage and not self._progress.in_work:
            rows.add_row(self._spinner, Text(self._stage, "dim"))
        return Group(Text(f"{self._elapsed()} elapsed", "dim"), rows)
