"""``ops outputs``: the stacks' outputs."""

from ops.console import AsJson, print_json, show, table
from ops.environment import load_environment


def outputs(as_json: AsJson = False) -> None:
    """Show the outputs of all stacks, as of their last deploy.

    Example: ops outputs --json
    """
    stacks = load_environment().all_outputs()
    if as_json:
        print_json(stacks)
        return
    rows = (
        (stack, name, "\n".join(map(str, value)) if isinstance(value, list) else str(value))
        for stack, values in stacks.items()
        for name, value in values.items()
    )
    show(table("stack", "output", "value", rows=rows))
