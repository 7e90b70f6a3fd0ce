"""``ops apply``: applies the plans that ``ops plan`` saved."""

import json
import os
import sys

from ops.console import AsJson, console, print_json
from ops.environment import OpsError
from ops.terraform import OUTDIR, SAVED_PLAN, checked_program, init, terraform
from synth.manifest import StackManifest, stacks_in_order
from synth.outdir_lock import held

ADMINISTRATORS_STACK = "access"
"""The stack that is planned and reviewed like the others, and that an administrator deploys: what could apply its plans
could give itself any right."""
WARNING = "::warning::" if os.environ.get("GITHUB_ACTIONS") else ""
"""How a line starts that GitHub Actions shows as a warning of the run."""
BOUNDARY = "aws_iam_policy.boundary_"
"""How the address of the boundary starts, in that stack."""


def apply(as_json: AsJson = False) -> None:
    """Apply exactly what `ops plan` saved.

    Applies stack by stack, in the order of their dependencies. Terraform refuses a saved plan once its stack has been
    applied otherwise: plan again. A stack that waited in the plan is left as it is: plan and apply again. The stack
    access is left to an administrator, who deploys it first: without the boundary that it makes, nothing is applied.
    Terraform's own output, with its progress, goes to standard error.

    Example: ops apply
    """
    checked_program()
    with held(OUTDIR, "ops apply"):
        _apply_all(as_json)


def _apply_all(as_json: bool) -> None:
    stacks = _synthesized_stacks()
    saved = [stack for stack in stacks if (stack.folder / SAVED_PLAN).exists()]
    planned = [stack for stack in saved if stack.name != ADMINISTRATORS_STACK]
    if not saved:
        raise OpsError("there is no plan to apply: run `make plan`")
    # `ops plan` saves its plan only if that changes something.
    left = [stack for stack in saved if stack not in planned]
    for stack in left:
        _check_boundary(stack)
        if not as_json:
            print(f"{WARNING}{stack.name}: changed, and left to an administrator: make deploy ARGS={stack.name}")
    for number, stack in enumerate(planned, 1):
        print(f"ops: applying {stack.name}, stack {number} of {len(planned)}", file=sys.stderr, flush=True)
        init(stack.folder)
        terraform("apply", "-input=false", "-no-color", SAVED_PLAN, folder=stack.folder)
        if not as_json:
            console.print(f"{stack.name}: applied")
    waiting = [stack.name for stack in stacks if stack not in saved and stack.name != ADMINISTRATORS_STACK]
    if as_json:
        applied = [stack.name for stack in planned]
        print_json({"applied": applied, "waiting": waiting, "left_to_administrator": [stack.name for stack in left]})
        return
    if waiting:
        console.print(f"{', '.join(waiting)}: waits for these, run `make plan` and `make apply` again")


def _check_boundary(stack: StackManifest) -> None:
    """Checks that the boundary is there, without which AWS makes no role of the other stacks.

    Raises:
        OpsError: if the plan of the administrator's stack creates it.
    """
    init(stack.folder)
    plan = json.loads(terraform("show", "-json", "-no-color", SAVED_PLAN, folder=stack.folder, capture=True))
    for change in plan.get("resource_changes", ()):
        if change["address"].startswith(BOUNDARY) and "create" in change["change"]["actions"]:
            raise OpsError(
                f"{stack.name} is not deployed: an administrator runs `make deploy ARGS={stack.name}` first"
                " (docs/access.md)"
            )


def _synthesized_stacks() -> list[StackManifest]:
    try:
        return stacks_in_order(OUTDIR)
    except FileNotFoundError:
        return []
