"""``ops outputs``: what the stacks put out, in the place of ``aws cloudformation describe-stacks``."""

from ops.console import AsJson, console, print_json, table
from ops.target import target

STACKS = ("network", "data", "services")


def outputs(as_json: AsJson = False) -> None:
    """Show the outputs of all three stacks, as of their last deploy."""
    here = target()
    found = {stack: here.outputs(stack) for stack in STACKS}
    if as_json:
        print_json(found)
        return
    rows = (
        (stack, name, "\n".join(value) if isinstance(value, list) else value)
        for stack, values in found.items()
        for name, value in values.items()
    )
    console.print(table("stack", "output", "value", rows=rows))
