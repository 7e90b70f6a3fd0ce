"""``ops plan``: plans every stack, in the order of their dependencies, and reviews the plans.

A stack's plan reads the outputs that the stacks before it had at their last apply. Where those are about to change, the
plan would be wrong or fail, so the stack waits for another run.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import typer
from botocore.exceptions import ClientError

from entry_point import one_line
from ops.apply import ADMINISTRATORS_STACK
from ops.console import AsJson
from ops.environment import Environment, OpsError, load_environment
from ops.plan_picture import Picture, draw, picture_file
from ops.plan_review import Allow, plan_review
from ops.recovery.already_there import refuse_what_is_there
from ops.review.references import CROSS_STACK_OUTPUT
from ops.review.terraform_plan import read
from ops.secrets_endpoint import MADE_UP, endpoint_without_values
from ops.state.checks import check_states
from ops.terraform import OUTDIR, PROJECT, SAVED_PLAN, checked_program, init, run, terraform
from synth.manifest import SYNTHESIZED, stacks_in_order
from synth.outdir_lock import held

REVIEWED = OUTDIR / "plans"
UNREVIEWED_PLAN = "unreviewed.tfplan"
"""A plan's name until the plans of all stacks are made and accepted, so that none can be applied before."""


def plan(allow: Allow = None, picture: Picture = None, as_json: AsJson = False) -> None:
    """Plan every stack, and summarize the plans in Markdown.

    Saves the plans in cdktf.out for `ops apply`. If they would lose data that --allow does not name, it saves none, and
    exits with 3. A stack waits if the outputs that it reads are about to change: apply, then plan again. A plan that
    creates what AWS has already is refused. Terraform's own output goes to standard error. --picture draws the plans,
    also those that are refused.

    Example: ops plan --allow aws_ebs_volume.clickhouse_data
    """
    if PROJECT.is_relative_to(OUTDIR.resolve()):
        raise typer.BadParameter("CDKTF_OUTDIR must name a folder of its own, such as cdktf.out, which is emptied")
    checked_program()
    with picture_file(picture) as file, held(OUTDIR, "ops plan"):
        environment = load_environment()
        _check_region(environment)
        check_states(environment)
        refused = _plan_all(environment, allow, file, as_json)
    if picture:
        print(f"{one_line(str(picture))} is written: open it in a browser.", file=sys.stderr)
    if refused:
        raise refused


def _plan_all(environment: Environment, allow: Allow, picture: TextIO | None, as_json: bool) -> typer.Exit | None:
    """Returns how to exit if the review refuses the plans."""
    _empty(OUTDIR)
    REVIEWED.mkdir()
    run(sys.executable, "main.py", folder=PROJECT)
    stacks = stacks_in_order(OUTDIR)
    unapplied: set[str] = set()
    with endpoint_without_values(environment) as variables:
        for stack in stacks:
            waits_for = [dependency for dependency in stack.dependencies if dependency in unapplied]
            result = _waiting(stack.folder, waits_for) if waits_for else _plan(stack.folder, variables)
            refuse_what_is_there(environment, stack.name, result)
            if waits_for or _changes_outputs(result):
                unapplied.add(stack.name)
            (REVIEWED / f"{stack.name}.json").write_text(json.dumps(result))
            if stack.name == ADMINISTRATORS_STACK and not _changes(result):
                (stack.folder / UNREVIEWED_PLAN).unlink()
    reviewed = [REVIEWED / f"{stack.name}.json" for stack in stacks]
    refused = None
    try:
        plan_review(reviewed, allow, as_json)
        for stack in stacks:
            accepted = stack.folder / UNREVIEWED_PLAN
            if accepted.exists():
                accepted.rename(stack.folder / SAVED_PLAN)
    except typer.Exit as exit_:
        refused = exit_
    # Last, so that a picture that can't be drawn costs neither the review nor the plans.
    if picture:
        draw(picture, OUTDIR / "stacks", [read(file) for file in reviewed])
    return refused


def _empty(outdir: Path) -> None:
    """Deletes what cdktf and this command write into the folder."""
    for folder in (outdir / "stacks", outdir / REVIEWED.name):
        shutil.rmtree(folder, ignore_errors=True)
    (outdir / "manifest.json").unlink(missing_ok=True)


def _check_region(environment: Environment) -> None:
    """Says that an environment can't move, before Terraform says that S3 answered with 301.

    Raises:
        OpsError: if the state is in another Region.
    """
    bucket = environment.settings.state.bucket
    try:
        region = environment.session.client("s3").head_bucket(Bucket=bucket).get("BucketRegion")
    except ClientError:
        return  # Terraform says what it is that is missing or not allowed.
    if region not in (None, environment.settings.region):
        raise OpsError(
            f"region is {environment.settings.region}, but the state of {environment.name} is in {region}, and an"
            " environment can't move: deploy another one, and copy the data (docs/settings.md)"
        )


def _plan(folder: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """A stack's plan. Terraform gets the variables, which give it an endpoint without secrets' values.

    Raises:
        OpsError: if a value that the endpoint has made up is in the plan: of a data source, for example.
    """
    init(folder)
    # Without a lock, which needs permission to write. A plan that something overtakes is refused when it is applied.
    terraform(
        "plan",
        "-input=false",
        "-no-color",
        "-lock=false",
        "-out",
        UNREVIEWED_PLAN,
        folder=folder,
        variables=variables,
    )
    shown = terraform("show", "-json", UNREVIEWED_PLAN, folder=folder, capture=True)
    if MADE_UP in shown:
        raise OpsError(
            f"the plan of {folder.name} would store the value of a secret, which `ops plan` does not read: take it from"
            " an ephemeral resource into a write-only argument, as modules/secret.py does"
        )
    return dict(json.loads(shown))


def _waiting(folder: Path, waits_for: Sequence[str]) -> dict[str, Any]:
    """What the review must know of a stack that is not planned: which data in it depends on other stacks.

    It is in the shape that Terraform gives a plan's configuration.
    """
    stack = json.loads((folder / SYNTHESIZED).read_text())
    resources = [
        {"address": f"{prefix}{type_}.{name}", "mode": mode, "type": type_, "expressions": arguments}
        for mode, prefix, block in (("managed", "", "resource"), ("data", "data.", "data"))
        for type_, named in stack.get(block, {}).items()
        for name, arguments in named.items()
    ]
    return {"waits_for": waits_for, "configuration": {"root_module": {"resources": resources}}}


def _changes(result: dict[str, Any]) -> bool:
    """Whether an apply would change something."""
    changes = [resource["change"] for resource in result.get("resource_changes", [])]
    changes += result.get("output_changes", {}).values()
    return any(change["actions"] not in (["no-op"], ["read"]) for change in changes)


def _changes_outputs(result: dict[str, Any]) -> bool:
    """Whether outputs that other stacks read change."""
    return any(
        change["actions"] != ["no-op"]
        for name, change in result.get("output_changes", {}).items()
        if name.startswith(CROSS_STACK_OUTPUT)
    )
