"""``ops plan-review``: summarizes plans for a reviewer, and refuses those that lose data.

It shows the names of arguments, never their values, except for security group rules and policies, which are no secrets.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ops import access_changes
from ops.console import AsJson, print_json
from ops.major_steps import unchosen_step
from ops.terraform_plan import Change, StackPlan, read

SHOWN_KINDS = ("add", "change", "replace", "destroy")
REFUSED = 3

Allow = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDRESS",
        help="Accept that this resource, which the review refuses, is destroyed or replaced. Can be repeated.",
    ),
]


def plan_review(
    plans: Annotated[
        list[Path],
        typer.Argument(metavar="PLAN.json...", help="The output of `terraform show -json`, one file per stack."),
    ],
    allow: Allow = None,
    as_json: AsJson = False,
) -> None:
    """Summarize plans in Markdown, and refuse those that lose data.

    Exit code 3 if a plan destroys or replaces a database, cache, bucket, volume, secret or key that --allow does not
    name, or changes Langfuse's major version without a write mode. `ops plan` writes the files and reviews them.

    Example: ops plan-review cdktf.out/plans/data.json
    """
    stack_plans = [read(path) for path in plans]
    refused = [
        change.address
        for plan in stack_plans
        for change in plan.changes
        if (change.loses_data or unchosen_step(change)) and change.address not in (allow or ())
    ]
    if as_json:
        stacks = {
            plan.stack: {"waits_for": list(plan.waits_for), **_counts(plan)} if plan.waits_for else _counts(plan)
            for plan in stack_plans
        }
        print_json({"stacks": stacks, "refused": refused})
    else:
        print("\n".join(markdown(stack_plans, refused)))
    if refused:
        raise typer.Exit(REFUSED)


def _counts(plan: StackPlan) -> dict[str, int]:
    counted = Counter(change.kind for change in plan.changes)
    return {kind: counted[kind] for kind in SHOWN_KINDS}


def markdown(plans: Sequence[StackPlan], refused: Sequence[str]) -> Iterator[str]:
    """The summary, line by line."""
    changes = [change for plan in plans for change in plan.changes]
    yield f"### {_verdict(plans, changes, refused)}"
    yield ""
    yield "| stack | add | change | replace | destroy |"
    yield "|---|---|---|---|---|"
    for plan in plans:
        if plan.waits_for:
            yield f"| {plan.stack} | waits for {', '.join(plan.waits_for)} | | | |"
        else:
            yield f"| {plan.stack} | {' | '.join(str(count) for count in _counts(plan).values())} |"
    lost = [
        f"- `{change.address}` is {'replaced' if change.kind == 'replace' else 'destroyed'}"
        + ("" if change.address in refused else " (allowed)")
        for change in changes
        if change.loses_data
    ]
    left = [f"- `{change.address}`" for change in changes if change.kind == "forget"]
    replaced = [f"- `{change.address}`, forced by {change.forced_by}" for change in changes if change.kind == "replace"]
    steps = [f"- `{change.address}`: {step}" for change in changes if (step := unchosen_step(change))]
    yield from _section("Data is lost", lost)
    yield from _section("No write mode for Langfuse's new major version: see docs/upgrade-to-4.md", steps)
    yield from _section("Stays on AWS, and leaves the state", left)
    yield from _section("Replaced", replaced)
    yield from _section(
        "Opened to the network", [line for change in changes for line in access_changes.openings(change)]
    )
    yield from _section("Allowed to do more", [line for change in changes for line in access_changes.widenings(change)])
    yield from _details(plans)


def _verdict(plans: Sequence[StackPlan], changes: Sequence[Change], refused: Sequence[str]) -> str:
    if refused:
        return "⛔ Refused: data would be lost"
    if not changes:
        waiting = [plan.stack for plan in plans if plan.waits_for]
        return f"⏳ No changes yet: {', '.join(waiting)} waits" if waiting else "✅ No changes"
    if any(change.kind in ("replace", "destroy") for change in changes):
        return "⚠️ Replaces or destroys, but no data"
    if any(change.kind == "forget" for change in changes):
        return "⚠️ Leaves resources on AWS that no stack has any more"
    return "✅ Adds and changes in place"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"**{title}**"
        yield from lines


def _details(plans: Sequence[StackPlan]) -> Iterator[str]:
    """Every change, in a section that is closed at first."""
    lines = [
        f"- {change.kind} `{change.address}`" + (f": {', '.join(change.arguments)}" if change.kind == "change" else "")
        for plan in plans
        for change in plan.changes
    ]
    if lines:
        yield ""
        yield f"<details><summary>All {len(lines)} changes</summary>"
        yield ""
        yield from lines
        yield ""
        yield "</details>"
