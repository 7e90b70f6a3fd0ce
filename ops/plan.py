"""``ops plan``: plans every stack, in the order of their dependencies, and reviews the plans.

A stack's plan reads the outputs that the stacks before it had at their last apply. Where those are about to change, the
plan would be wrong or fail, so the stack waits for another run.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from ops.console import AsJson
from ops.plan_review import Allow, plan_review
from ops.terraform import OUTDIR, PROJECT, SAVED_PLAN, init, run
from settings import load_or_exit
from synth.manifest import stacks_in_order

REVIEWED = OUTDIR / "plans"
UNREVIEWED_PLAN = "unreviewed.tfplan"
"""A plan's name until the plans of all stacks are made and accepted, so that none can be applied before."""


def plan(allow: Allow = None, as_json: AsJson = False) -> None:
    """Plan every stack, and summarize the plans in Markdown.

    Saves the plans in cdktf.out for `ops apply`. If they would lose data that --allow does not name, it saves none, and
    exits with 3. A stack waits if the outputs that it reads are about to change: apply, then plan again. Terraform's
    own output goes to standard error.

    Example: ops plan --allow aws_ebs_volume.clickhouse_data
    """
    load_or_exit()
    shutil.rmtree(OUTDIR, ignore_errors=True)
    REVIEWED.mkdir(parents=True)
    run(sys.executable, "main.py", folder=PROJECT)
    stacks = stacks_in_order(OUTDIR)
    unapplied: set[str] = set()
    for stack in stacks:
        waits_for = [dependency for dependency in stack.dependencies if dependency in unapplied]
        result = {"waits_for": waits_for} if waits_for else _plan(stack.folder)
        if waits_for or _changes_outputs(result):
            unapplied.add(stack.name)
        (REVIEWED / f"{stack.name}.json").write_text(json.dumps(result))
    plan_review([REVIEWED / f"{stack.name}.json" for stack in stacks], allow, as_json)
    for stack in stacks:
        accepted = stack.folder / UNREVIEWED_PLAN
        if accepted.exists():
            accepted.rename(stack.folder / SAVED_PLAN)


def _plan(folder: Path) -> dict[str, Any]:
    init(folder)
    # Without a lock, which needs permission to write. A plan that something overtakes is refused when it is applied.
    run(
        "terraform",
        "plan",
        "-input=false",
        "-no-color",
        "-lock=false",
        "-out",
        UNREVIEWED_PLAN,
        folder=folder,
    )
    return dict(json.loads(run("terraform", "show", "-json", UNREVIEWED_PLAN, folder=folder, capture=True)))


def _changes_outputs(result: dict[str, Any]) -> bool:
    """Whether outputs that other stacks read change."""
    return any(
        change["actions"] != ["no-op"]
        for name, change in result.get("output_changes", {}).items()
        if name.startswith("cross-stack-output-")
    )
