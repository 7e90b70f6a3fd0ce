"""``ops plan``: plans every stack, in the order in which they depend on each other, and reviews the plans.

A stack is planned from the outputs that the stacks before it had at their last apply. Where those are about to change,
its plan would be of the past, or fail: it waits.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ops.console import AsJson
from ops.plan_review import Allow, plan_review
from ops.target import OpsError
from settings import load_or_exit

PROJECT = Path(__file__).parent.parent
OUT = PROJECT / os.environ.get("CDKTF_OUTDIR", "cdktf.out")
STACKS = OUT / "stacks"
REVIEWED = OUT / "plans"
SAVED = "saved.tfplan"
"""In each stack's folder; `make apply` applies it."""
UNREVIEWED = "unreviewed.tfplan"
"""What it is called until the plans of all stacks are made and accepted, so that none is applied before."""
ORDER = ("network", "data", "services")
PRODUCER = "cross-stack-reference-input-"
"""How CDKTF names the data source through which a stack reads another's outputs."""


def plan(allow: Allow = None, as_json: AsJson = False) -> None:
    """Plan every stack, and summarize it in Markdown.

    Saves the plans in cdktf.out for `make apply`; but none of them, and exit code 3, if they would lose data that
    --allow does not name. A stack whose producers have changes to apply first waits. Terraform's own output goes to
    stderr.
    """
    load_or_exit()
    shutil.rmtree(OUT, ignore_errors=True)
    REVIEWED.mkdir(parents=True)
    _run(sys.executable, "main.py", folder=PROJECT)
    unapplied: set[str] = set()
    for stack in ORDER:
        waits_for = [producer for producer in ORDER if producer in _producers(stack) & unapplied]
        found = {"waits_for": waits_for} if waits_for else _plan(stack)
        if waits_for or _changes_outputs(found):
            unapplied.add(stack)
        (REVIEWED / f"{stack}.json").write_text(json.dumps(found))
    plan_review([REVIEWED / f"{stack}.json" for stack in ORDER], allow, as_json)
    for accepted in STACKS.glob(f"*/{UNREVIEWED}"):
        accepted.rename(accepted.with_name(SAVED))


def _producers(stack: str) -> set[str]:
    synthesized = json.loads((STACKS / stack / "cdk.tf.json").read_text())
    return {name.removeprefix(PRODUCER) for name in synthesized.get("data", {}).get("terraform_remote_state", {})}


def _plan(stack: str) -> dict[str, Any]:
    folder = STACKS / stack
    _run("terraform", "init", "-input=false", "-no-color", folder=folder)
    # Whoever may only read can't lock; and a plan that is overtaken is refused when it is applied.
    _run("terraform", "plan", "-input=false", "-no-color", "-lock=false", "-out", UNREVIEWED, folder=folder)
    shown = _run("terraform", "show", "-json", UNREVIEWED, folder=folder, capture=True)
    found: dict[str, Any] = json.loads(shown)
    return found


def _changes_outputs(found: dict[str, Any]) -> bool:
    return any(
        change["actions"] != ["no-op"]
        for name, change in found.get("output_changes", {}).items()
        if name.startswith("cross-stack-output-")
    )


def _run(*command: str, folder: Path, capture: bool = False) -> str:
    """Runs it with this project's programs first on the PATH; a failure is one line after its own output."""
    environment = {
        "TF_IN_AUTOMATION": "1",
        **os.environ,
        "PATH": f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}",
    }
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise OpsError(f"there is no {command[0]} on the PATH: run `make setup`")
    ran = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE if capture else sys.stderr,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise OpsError(f"{' '.join(command[:2])} failed in {os.path.relpath(folder)}: see above")
    return ran.stdout
