"""``ops unlock``: says who holds the locks of the states, and removes those whose holder is gone.

Terraform leaves its lock if it is killed, or loses the connection to AWS.
"""

import re
import socket
import subprocess
from contextlib import ExitStack, suppress

from ops.console import Apply, AsJson, console, print_json, say_dry_run, show, table
from ops.environment import OpsError, load_environment
from ops.state import lock
from ops.state.lock import Lock
from ops.terraform import OUTDIR
from synth.outdir_lock import UnstoredStateError, held

TERRAFORM = re.compile(r"(\S*/)?(terraform|tofu)(\s|$)|.*launchers[./]terraform")
"""How the command of a process starts that is a Terraform, that of launchers/terraform.py included."""


def unlock(apply: Apply = False, as_json: AsJson = False) -> None:
    """Show who holds the states' locks, and remove them.

    Terraform leaves a lock if it is killed. Shows who took it, when and for what, and whether that process may still
    run: to remove its lock then can damage the state. A lock that somebody takes meanwhile is left.

    Example: ops unlock --apply
    """
    environment = load_environment()
    states = environment.states
    locks = [found for stack in states.stacks() if (found := lock.read(states, stack))]
    with ExitStack() as outdir:
        if locks:
            # To store the state that is only there needs the lock.
            with suppress(UnstoredStateError):
                outdir.enter_context(held(OUTDIR, "ops unlock"))
        removed = {found.stack: lock.remove(states, found) for found in locks} if apply else {}
    if as_json:
        print_json([{**_described(found), "removed": removed.get(found.stack, False)} for found in locks])
        return
    if not locks:
        console.print(f"No state of {environment.name} is locked.")
        return
    rows = [[*_described(found).values(), _done(found, removed)] for found in locks]
    show(table("stack", "lock", "held by", "since", "operation", "may it still run?", "lock is", rows=rows))
    if not apply:
        say_dry_run(changes=True)
    elif not all(removed.values()):
        raise OpsError("a lock was taken meanwhile, and is left: run `ops unlock` again")
    else:
        console.print("Next: `ops recover` shows what AWS has and the state lacks.")


def _described(found: Lock) -> dict[str, str]:
    if not found.id:
        wrong = "none of Terraform's: empty" if not found.body.strip() else "none of Terraform's"
        return {
            "stack": found.stack,
            "id": wrong,
            "who": "unknown",
            "since": "unknown",
            "operation": "unknown",
            "may_run": "ask who deploys",
        }
    return {
        "stack": found.stack,
        "id": found.id,
        "who": found.who,
        "since": found.since,
        "operation": found.operation,
        "may_run": _may_run(found),
    }


def _done(found: Lock, removed: dict[str, bool]) -> str:
    return {True: "removed", False: "another one: left", None: "to be removed"}[removed.get(found.stack)]


def _may_run(found: Lock) -> str:
    if found.host != socket.gethostname():
        return f"ask {found.who}, or look at the CI run"
    processes = _terraform_processes()
    if processes is None:
        return "`ps` failed: look for a terraform on this machine"
    return f"yes: on this machine run {', '.join(processes)}" if processes else "no: no terraform runs on this machine"


def _terraform_processes() -> list[str] | None:
    """The processes of this machine that are a Terraform, without their arguments. None if they can't be listed."""
    # Twice "w": whole lines, however wide the terminal is.
    command = ["ps", "-axwwo", "pid=,command="]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, errors="replace", check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return [f"terraform (process {line[0]})" for line in lines if len(line) == 2 and TERRAFORM.match(line[1])]
