"""How far a deploy is, read from what ``cdktf`` prints of Terraform's progress."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# cdktf writes the stack's name before the first line of each message of Terraform's, and spaces before the others.
LINE = re.compile(r"(?P<stack>[\w-]+)?(?:\s+(?P<text>.*))?")
PLANNED = re.compile(r"Plan: (?:\d+ to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy")
STARTED = re.compile(r"(\S+): (?:Creating|Modifying|Destroying)\.\.\.")
COMPLETED = re.compile(r"(\S+): (?:Creation|Modifications|Destruction) complete after")
ENDED = re.compile(r"(?:Apply|Destroy) complete!|No changes\.")
HASH = re.compile(r"_[0-9A-F]{8}$")

NAMED_RESOURCES = 2
"""How many of the resources in work are named."""


@dataclass
class StackProgress:
    """How far a stack is whose plan is made. Times are of the clock that ``Progress`` has."""

    name: str
    started_at: float
    planned: int
    """How many resources are created, changed or destroyed; one that is replaced counts twice."""
    completed: int = 0
    ended_at: float | None = None
    in_work: dict[str, float] = field(default_factory=dict)
    """Since when each resource is in work, the longest first: addresses without CDKTF's hashes."""

    def describe(self, now: float) -> str:
        """For people: how much is done, and what it waits for and for how long."""
        if self.ended_at is not None:
            took = minutes(self.ended_at - self.started_at)
            return f"{self.completed} resources in {took}" if self.planned else "no changes"
        waits = [f"{address} {now - since:.0f} s" for address, since in self.in_work.items() if now - since >= 1]
        more = f" and {len(waits) - NAMED_RESOURCES} more" if len(waits) > NAMED_RESOURCES else ""
        waits_for = f", waits for {', '.join(waits[:NAMED_RESOURCES])}{more}" if waits else ""
        return f"{self.completed} of {self.planned} resources{waits_for}"


class Progress:
    """How far all stacks are.

    Args:
        clock: gives seconds, from any beginning.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.started_at = clock()
        self.stacks: dict[str, StackProgress] = {}
        """The stacks whose plan is made, in that order."""
        self._speaking = ""

    @property
    def in_work(self) -> list[StackProgress]:
        """The stacks that are planned and have not ended."""
        return [stack for stack in self.stacks.values() if stack.ended_at is None]

    def read(self, line: str) -> StackProgress | None:
        """Takes in a line of cdktf's, without colours; gives the stack if it was planned or has ended by it."""
        parts = LINE.fullmatch(line)
        if parts is None:
            return None
        self._speaking = parts["stack"] or self._speaking
        text, now = parts["text"] or "", self.clock()
        if planned := PLANNED.match(text):
            return self._plan(sum(map(int, planned.groups())))
        if ENDED.match(text):
            ended = self.stacks.get(self._speaking) or self._plan(0)
            ended.ended_at = now
            return ended
        stack = self.stacks.get(self._speaking)
        if stack and (started := STARTED.match(text)):
            stack.in_work[HASH.sub("", started[1])] = now
        elif stack and (completed := COMPLETED.match(text)):
            stack.in_work.pop(HASH.sub("", completed[1]), None)
            stack.completed += 1
        return None

    def _plan(self, resources: int) -> StackProgress:
        stack = StackProgress(self._speaking, self.clock(), resources)
        self.stacks[self._speaking] = stack
        return stack


def minutes(seconds: float) -> str:
    """Minutes and seconds, as 1:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
