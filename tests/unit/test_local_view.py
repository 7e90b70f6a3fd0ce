"""Tests of the progress that ``make local`` shows, with lines as ``cdktf`` prints them."""

import io

import pytest
from rich.console import Console

from local.progress import Progress
from local.view import View

LINES = """\
data       Initializing the backend...
network    Initializing the backend...
network    Terraform used the selected providers to generate the following execution plan.
           Plan: 2 to add, 1 to change, 0 to destroy.

           Changes to Outputs:
             + cross-stack-output-aws_vpcvpc_6776A399id = (sensitive value)
network    aws_vpc.vpc_6776A399: Creating...
           aws_eip.address: Creating...
network    aws_eip.address: Creation complete after 0s [id=eipalloc-1]
network    aws_vpc.vpc_6776A399: Still creating... [10s elapsed]
"""
END = """\
network    aws_vpc.vpc_6776A399: Creation complete after 40s [id=vpc-1]
           aws_iam_role.role: Modifying... [id=role]
network    aws_iam_role.role: Modifications complete after 0s [id=role]
network
           Apply complete! Resources: 2 added, 1 changed, 0 destroyed.

           Outputs:
data       No changes. Your infrastructure matches the configuration.
"""


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_stack_is_followed_from_its_plan_to_its_end(clock: Clock) -> None:
    progress = Progress(clock)
    told = [stack.name for line in LINES.splitlines() if (stack := progress.read(line))]
    assert told == ["network"]
    clock.seconds = 40
    (network,) = progress.in_work
    assert network.describe(clock()) == "1 of 3 resources, waits for aws_vpc.vpc 40 s"
    told = [stack.name for line in END.splitlines() if (stack := progress.read(line))]
    assert told == ["network", "data"]
    assert progress.in_work == []
    assert [stack.describe(clock()) for stack in progress.stacks.values()] == ["3 resources in 0:40", "no changes"]


def test_only_the_longest_waits_are_named(clock: Clock) -> None:
    progress = Progress(clock)
    progress.read("data  Plan: 4 to add, 0 to change, 0 to destroy.")
    for clock.seconds, name in enumerate("abcd"):
        progress.read(f"data  aws_vpc.{name}: Creating...")
    described = progress.stacks["data"].describe(10)
    assert described == "0 of 4 resources, waits for aws_vpc.a 10 s, aws_vpc.b 9 s and 2 more"


def shown(*, terminal: bool) -> str:
    """Returns the output for a deploy that takes 50 seconds."""
    out = io.StringIO()
    clock = Clock()
    console = Console(file=out, force_terminal=terminal, width=80, height=24, highlight=False, color_system=None)
    watched = View(console, Progress(clock))
    with watched.shown():
        watched.stage("planning")
        for clock.seconds, line in enumerate(LINES.splitlines()):
            watched.read(line)
        clock.seconds = 50
        watched.read("network    aws_vpc.vpc_6776A399: Still creating... [40s elapsed]")
        for line in END.splitlines():
            watched.read(line)
    return out.getvalue()


def test_a_pipe_gets_a_line_now_and_then() -> None:
    assert shown(terminal=False).splitlines() == [
        "0:00  planning",
        "0:03  network: 0 of 3 resources",
        "0:50  network: 1 of 3 resources, waits for aws_vpc.vpc 43 s",
        "0:50  network: 3 resources in 0:47",
        "0:50  data: no changes",
    ]


def test_a_terminal_ends_with_a_row_a_stack() -> None:
    last = shown(terminal=True).rpartition("0:50 elapsed")[2]
    assert "✔  network  3 resources in 0:47" in last
    assert "✔  data     no changes" in last
    assert "planning" not in last
