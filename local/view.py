"""Shows how far a deploy is: a table that changes on a terminal, now and then a line in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.progress import Progress, minutes

SILENCE_SECONDS = 30
"""How long a pipe hears nothing while a stack is in work."""


class View:
    """A deploy's progress on a console."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._stage = ""
        self._last_line_at = progress.started_at
        self._spinner = Spinner("dots")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keeps what is shown up to date on a terminal for as long as the block runs."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=self._table, console=self._console, refresh_per_second=8):
            yield
            self._stage = ""

    def stage(self, name: str) -> None:
        """Says what happens while no stack is in work yet."""
        self._stage = name
        if not self._console.is_terminal:
            self._say(name)

    def read(self, line: str) -> None:
        """Takes in a line of cdktf's, without colours."""
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
        """What a terminal shows: how long it has taken, and a row a stack."""
        rows = Table.grid(padding=(0, 2))
        for stack in self._progress.stacks.values():
            mark = self._spinner if stack.ended_at is None else Text("✔", "green")
            rows.add_row(mark, Text(stack.name, "bold"), Text(stack.describe(self._progress.clock())))
        if self._stage and not self._progress.in_work:
            rows.add_row(self._spinner, Text(self._stage, "dim"))
        return Group(Text(f"{self._elapsed()} elapsed", "dim"), rows)
