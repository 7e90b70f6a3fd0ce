"""``ops plan-review``: summarizes plans for a reviewer, and refuses those that lose data."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ops.console import AsJson, print_json
from ops.major_steps import unchosen_step
from ops.review.costs import monthly_difference
from ops.review.losses import losses
from ops.review.summary import counts, markdown, warnings
from ops.review.terraform_plan import TOO_DEEP, StackPlan, read
from ops.review.text import word

REFUSED = 3

Allow = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDRESS",
        help="Accept that this resource, which the review refuses, is destroyed, replaced or dropped. Can be repeated.",
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

    Exit code 3 if a plan destroys or replaces what holds data (a database, cache, bucket, volume, secret or key), what
    data depends on (a VPC, a subnet, whatever data of another stack refers to), or drops it from the state, and --allow
    does not name it; or if it changes Langfuse's major version without a write mode. Exit code 2 if a file is not a
    plan of Terraform's. An address of --allow that no plan has is no error, since environments differ. Values that
    Terraform marks as sensitive, and those of environment variables, are not shown. `ops plan` writes the files and
    reviews them.

    Example: ops plan-review cdktf.out/plans/*.json
    """
    try:
        refused = _review([read(path) for path in plans], allow or (), as_json)
    except RecursionError:
        raise typer.BadParameter(f"a plan {TOO_DEEP}") from None
    if refused:
        raise typer.Exit(REFUSED)


def _review(stack_plans: Sequence[StackPlan], allowed: Sequence[str], as_json: bool) -> list[str]:
    """Prints the review, and returns the addresses that it refuses."""
    if twice := [name for name, times in Counter(plan.stack for plan in stack_plans).items() if times > 1]:
        raise typer.BadParameter(f"two plans of {word(twice[0])}: give one of each stack")
    lost = losses(stack_plans)
    steps = [change.address for plan in stack_plans for change in plan.changes if unchosen_step(change)]
    named = [*(loss.change.address for loss in lost), *steps]
    refused = [address for address in named if address not in allowed]
    if as_json:
        stacks = {
            plan.stack: {"waits_for": list(plan.waits_for), **counts(plan)} if plan.waits_for else counts(plan)
            for plan in stack_plans
        }
        answer = {"stacks": stacks, "refused": refused, "allowed": [item for item in named if item in allowed]}
        usd = {plan.stack: monthly_difference(plan)._asdict() for plan in stack_plans if not plan.waits_for}
        print_json({**answer, "warnings": warnings(stack_plans), "usd_a_month": usd})
    else:
        print("\n".join(markdown(stack_plans, lost, refused)))
    return refused
