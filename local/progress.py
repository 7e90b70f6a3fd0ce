"""The progress of a deploy, parsed from the output of ``cdktf``."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# cdktf prefixes the first line of each message of Terraform with the stack's name, and the other lines with spaces.
LINE = re.compile(r"(?P<stack>[\w-]+)?(?:\s+(?P<text>.*))?")
PLANNED = re.compile(r"Plan: (?:\d+ to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy")
STARTED = re.compile(r"(\S+): (?:Creating|Modifying|Destroying)\.\.\.")
COMPLETED = re.compile(r"(\S+): (?:Creation|Modifications|Destruction) complete after")
ENDED = re.compile(r"(?:Apply|Destroy) complete!|No changes\.")
HASH = re.compile(r"_[0-9A-F]{8}$")

NAMED_RESOURCES = 2
"""How many of the resources in work a description names."""


@dataclass
class StackProgress:
    """The progress of a planned stack. Times are those of the clock of ``Progress``."""

    name: str
    started_at: float
    planned: int
    """How many resources are created, changed or destroyed; a replaced resource counts twice."""
    completed: int = 0
    ended_at: float | None = None
    in_work: dict[str, float] = field(default_factory=dict)
    """Start times of the resources in work by address, without CDKTF's hash; the oldest comes first."""

    def describe(self, now: float) -> str:
        """Describes in one line what is completed, and what the stack has waited for longest."""
        if self.ended_at is not None:
            took = minutes(self.ended_at - self.started_at)
            return f"{self.completed} resources in {took}" if self.planned else "no changes"
        waits = [f"{address} {now - since:.0f} s" for address, since in self.in_work.items() if now - since >= 1]
        more = f" and {len(waits) - NAMED_RESOURCES} more" if len(waits) > NAMED_RESOURCES else ""
        waits_for = f", waits for {', '.join(waits[:NAMED_RESOURCES])}{more}" if waits else ""
        return f"{self.completed} of {self.planned} resources{waits_for}"


class Progress:
    """The progress of all stacks.

    Args:
        clock: returns seconds, as ``time.monotonic`` does.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.started_at = clock()
        self.stacks: dict[str, StackProgress] = {}
        """The planned stacks by name, in the order of their plans."""
        self._current_stack = ""

    @property
    def in_work(self) -> list[StackProgress]:
        """The stacks that are planned and not yet applied or destroyed."""
        return [stack for stack in self.stacks.values() if stack.ended_at is None]

    def read(self, line: str) -> StackProgress | None:
        """Parses a line of cdktf's output, without colours; returns the stack if it was planned or has ended now."""
        parts = LINE.fullmatch(line)
        if parts is None:
            return None
        self._current_stack = parts["stack"] or self._current_stack
        text, now = parts["text"] or "", self.clock()
        if planned := PLANNED.match(text):
            return self._plan(sum(map(int, planned.groups())))
        if ENDED.match(text):
            ended = self.stacks.get(self._current_stack) or self._plan(0)
            ended.ended_at = now
            return ended
        stack = self.stacks.get(self._current_stack)
        if stack and (started := STARTED.match(text)):
            stack.in_work[HASH.sub("", started[1])] = now
        elif stack and (completed := COMPLETED.match(text)):
            stack.in_work.pop(HASH.sub("", completed[1]), None)
            stack.completed += 1
        return None

    def _plan(self, resources: int) -> StackProgress:
        stack = StackProgress(self._current_stack, self.clock(), resources)
        self.stacks[self._current_stack] = stack
        return stack


def minutes(seconds: float) -> str:
    """Formats seconds as minutes and seconds: 1:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
