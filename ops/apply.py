"""``ops apply``: applies the plans that ``ops plan`` saved."""

import sys

from ops.console import AsJson, console, print_json
from ops.environment import OpsError
from ops.terraform import OUTDIR, SAVED_PLAN, checked_program, init, terraform
from synth.manifest import StackManifest, stacks_in_order
from synth.outdir_lock import held


def apply(as_json: AsJson = False) -> None:
    """Apply exactly what `ops plan` saved.

    Applies stack by stack, in the order of their dependencies. Terraform refuses a saved plan once its stack has been
    applied otherwise: plan again. A stack that waited in the plan is left as it is: plan and apply again. Terraform's
    own output, with its progress, goes to standard error.

    Example: ops apply
    """
    checked_program()
    with held(OUTDIR, "ops apply"):
        _apply_all(as_json)


def _apply_all(as_json: bool) -> None:
    stacks = _synthesized_stacks()
    planned = [stack for stack in stacks if (stack.folder / SAVED_PLAN).exists()]
    if not planned:
        raise OpsError("there is no plan to apply: run `make plan`")
    for number, stack in enumerate(planned, 1):
        print(f"ops: applying {stack.name}, stack {number} of {len(planned)}", file=sys.stderr, flush=True)
        init(stack.folder)
        terraform("apply", "-input=false", "-no-color", SAVED_PLAN, folder=stack.folder)
        if not as_json:
            console.print(f"{stack.name}: applied")
    left = [stack.name for stack in stacks if stack not in planned]
    if as_json:
        print_json({"applied": [stack.name for stack in planned], "waiting": left})
    elif left:
        console.print(f"{', '.join(left)}: waits for these, run `make plan` and `make apply` again")


def _synthesized_stacks() -> list[StackManifest]:
    try:
        return stacks_in_order(OUTDIR)
    except FileNotFoundError:
        return []
