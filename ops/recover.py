"""``ops recover``: compares what AWS has under the environment's names and tags with the states, after an accident.

A deploy that was killed has made what no state knows: the next one fails with "already exists", or makes it twice.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from modules.identity import IDENTITIES
from ops.console import Apply, AsJson, console, print_json, say_dry_run, show, table
from ops.environment import Environment, OpsError, load_environment
from ops.existing import state_import_id
from ops.preflight_checks.global_names import roles_of_other_regions
from ops.recovery.doubles import further, how_to_delete
from ops.recovery.findings import Finding, Kind, Step
from ops.recovery.imports import import_found
from ops.recovery.readiness import is_coming, wait_until_ready
from ops.recovery.rounds import find
from ops.recovery.stack_copy import StackCopy
from ops.recovery.taints import untaint
from ops.state import lock
from ops.terraform import OUTDIR, PROJECT, checked_program, run
from synth.manifest import stacks_in_order
from synth.outdir_lock import held

DONE = {Step.IMPORT: "imported", Step.UNTAINT: "untainted"}


def recover(apply: Apply = False, as_json: AsJson = False) -> None:
    """Import what a deploy that was killed has made.

    Compares what AWS has under this environment's names and tags with the states: what they lack, what is tainted, what
    is there twice. With --apply, imports what is found exactly once, and untaints what is whole, so that the next
    deploy goes on with it. Changes and deletes nothing in AWS: what may be deleted is listed with the command.

    Example: ops recover --apply
    """
    checked_program()
    environment = load_environment()
    with held(OUTDIR, "ops recover"), TemporaryDirectory(prefix="ops-recover-") as folder:
        findings = _recover(environment, Path(folder), apply)
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        _print(findings, environment, apply)
    if apply and any(finding.step in (Step.BY_HAND, Step.WAIT) for finding in findings):
        raise typer.Exit(1)


def _recover(environment: Environment, folder: Path, apply: bool) -> list[Finding]:
    _check_locks(environment)
    _check_roles(environment)
    synthesized = folder / "synthesized"
    run(sys.executable, "main.py", folder=PROJECT, variables={"CDKTF_OUTDIR": str(synthesized)})
    manifests = stacks_in_order(synthesized)
    stack_of = {environment.settings.state_key(stack.name): stack.name for stack in manifests}
    stacks = [StackCopy(stack, folder / "copies", stack_of) for stack in manifests]
    return [finding for stack in stacks for finding in _recover_stack(environment, stack, apply)]


def _check_locks(environment: Environment) -> None:
    """Refuses to compare while a deploy may be running: what it makes is not in the state yet.

    Raises:
        OpsError: if there is no state bucket, or a state is locked.
    """
    states = environment.states
    for stack in states.stacks():
        if found := lock.read(states, stack):
            raise OpsError(
                f"{states.uri(stack)} is locked by {found.who or 'somebody'}: wait until the deploy has ended, or see"
                " `ops unlock` if it was killed"
            )


def _check_roles(environment: Environment) -> None:
    """Refuses to take the roles of the same environment in another Region, which have the same names.

    Raises:
        OpsError: if there are some.
    """
    if elsewhere := roles_of_other_regions(environment):
        raise OpsError(
            f"the role {elsewhere[0]} belongs to {environment.name} in another Region: set region_in_global_names ="
            " true, or choose another name of the environment (docs/several-environments.md)"
        )


def _recover_stack(environment: Environment, stack: StackCopy, apply: bool) -> list[Finding]:
    if waits_for := stack.waits_for:
        below = " and ".join(waits_for)
        return [Finding(stack.name, "", Kind.NOT_CHECKED, Step.DEPLOY, f"it reads outputs that {below} has not yet")]
    print(f"ops: comparing {stack.name} with AWS", file=sys.stderr, flush=True)
    stack.open()
    taken = {
        (type_, state_import_id(environment.settings, type_, instance["attributes"]))
        for address, instance in stack.instances()
        if (type_ := address.partition(".")[0]) in IDENTITIES
    }
    findings = list(untaint(environment, stack, wait=apply))
    found = find(environment, stack, taken)
    coming = {
        address: id_ for address, id_ in stack.imports.items() if is_coming(environment, address.partition(".")[0], id_)
    }
    if coming and apply:
        for address, id_ in coming.items():
            wait_until_ready(environment, address.partition(".")[0], id_)
        found.plan = stack.plan()
    changes = stack.imports or found.added or any(finding.step is Step.UNTAINT for finding in findings)
    waiting = import_found(stack, found.plan) if changes else {}
    for address, id_ in sorted({**stack.imports, **found.added}.items()):
        remedy = "import it, once AWS has finished making it" if address in coming else "import it"
        findings.append(Finding(stack.name, address, Kind.MISSING, Step.IMPORT, remedy, [id_]))
    for address, id_ in waiting.items():
        remedy = "settle what it belongs to, then run `ops recover` again"
        findings.append(Finding(stack.name, address, Kind.MISSING, Step.WAIT, remedy, [id_]))
    for address, why in found.refused.items():
        findings.append(Finding(stack.name, address, Kind.MISSING, Step.BY_HAND, why))
    for address, why in found.problems.items():
        findings.append(Finding(stack.name, address, Kind.NOT_CHECKED, Step.BY_HAND, why))
    for address, ids in found.doubled.items():
        remedy = f"keep one, then run `ops recover` again: {how_to_delete(address, ids, environment.settings.region)}"
        findings.append(Finding(stack.name, address, Kind.DOUBLED, Step.BY_HAND, remedy, ids))
    for address, ids in further(environment, stack, taken):
        remedy = f"the state has another: {how_to_delete(address, ids, environment.settings.region)}"
        findings.append(Finding(stack.name, address, Kind.DOUBLED, Step.BY_HAND, remedy, ids))
    if apply and changes:
        stack.push()
    return findings


def _print(findings: Sequence[Finding], environment: Environment, apply: bool) -> None:
    if findings:
        rows = [
            (finding.stack, finding.address, finding.kind, ", ".join(finding.ids), _step(finding, apply))
            for finding in findings
        ]
        show(table("stack", "resource", "finding", "in AWS", "what to do", rows=rows), environment.settings.prefix)
    counts = Counter(finding.step for finding in findings)
    console.print(
        f"{counts[Step.IMPORT]} to import, {counts[Step.UNTAINT]} to untaint,"
        f" {counts[Step.BY_HAND] + counts[Step.WAIT]} to settle by hand."
    )
    if not apply:
        say_dry_run(changes=any(finding.step in DONE for finding in findings))
    elif not counts[Step.BY_HAND] + counts[Step.WAIT]:
        console.print(f"Next: {environment.deploy_command}.")


def _step(finding: Finding, apply: bool) -> str:
    return DONE[finding.step] if apply and finding.step in DONE else finding.remedy
