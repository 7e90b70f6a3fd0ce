"""``python -m tests.inputs [--write] [KIND ...]``: tries wrong inputs, and prints how many are refused in one line."""

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from entry_point import run
from tests.command_line import PROJECT
from tests.inputs.case import Case, Said, shown
from tests.inputs.kinds import KINDS
from tests.inputs.verdict import Answer, answer_to, is_right

SECONDS = 20
PAGE = PROJECT / "docs" / "reliability.md"
BEGIN, END = "<!-- Written by python -m tests.inputs --write -->\n", "<!-- end -->\n"


class Tried(NamedTuple):
    """A case that was tried."""

    case: Case
    said: Said
    answer: Answer

    @property
    def right(self) -> bool:
        """Whether the answer is as it must be."""
        return is_right(self.case, self.answer)

    def __str__(self) -> str:
        last = (self.said.err or self.said.out).strip().rpartition("\n")[2]
        return f"{self.case.what}: {self.answer}: {shown(last)}"


class NoAnswer(BaseException):
    """A case takes too long. It is no ``OSError``, as a ``TimeoutError`` is, which the programs handle."""


@contextmanager
def little_time() -> Iterator[None]:
    """Raises ``NoAnswer`` in what takes more than ``SECONDS``."""

    def end(*_: object) -> None:
        raise NoAnswer

    handler = signal.signal(signal.SIGALRM, end)
    # pytest-timeout may use the same timer.
    timer = signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def attempt(case: Case) -> Tried:
    """Tries a case, in an empty folder."""
    with TemporaryDirectory() as folder:
        try:
            with little_time():
                said = case.attempt(Path(folder))
        except NoAnswer:
            return Tried(case, Said(1), Answer.HANGS)
    return Tried(case, said, answer_to(case, said))


def figures(tried: dict[str, list[Tried]]) -> str:
    """The table by kind, in Markdown. What a kind is, is told by the docstring of its module."""
    rows = [(kind, _summary(kind), *_counts(cases)) for kind, cases in tried.items()]
    total = ("**all**", "", *(sum(numbers) for numbers in zip(*(row[2:] for row in rows), strict=True)))
    lines = ["| kind | inputs | wrong | refused in one line | right, but odd | accepted |", "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in [*rows, total])]) + "\n"


def _summary(kind: str) -> str:
    return (sys.modules[KINDS[kind].__module__].__doc__ or "").strip().replace("``", "`")


def _counts(cases: Sequence[Tried]) -> tuple[int, int, int, int]:
    counted = Counter((each.case.accepted, each.right) for each in cases)
    wrong, unusual = (counted[accepted, True] + counted[accepted, False] for accepted in (False, True))
    return wrong, counted[False, True], unusual, counted[True, True]


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0 if every input is answered as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.inputs", description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--write", action="store_true", help="write the figures to docs/reliability.md")
    chosen = parser.parse_args(arguments)
    tried = {kind: [attempt(case) for case in KINDS[kind]()] for kind in chosen.kinds or KINDS}
    for kind, cases in tried.items():
        for each in cases:
            if not each.right:
                print(f"{kind}: {each}")
    print(figures(tried), end="")
    if chosen.write and not chosen.kinds:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(before + BEGIN + figures(tried) + END + rest.partition(END)[2])
    return int(not all(each.right for cases in tried.values() for each in cases))


if __name__ == "__main__":
    run("tests.inputs", lambda: main(sys.argv[1:]))
