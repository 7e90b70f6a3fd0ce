"""``ops state restore``: makes an older version of a stack's state the current one."""

import json
from dataclasses import dataclass
from typing import Annotated

import typer

from ops.arguments import matching
from ops.console import Apply, AsJson, console, print_json, say_dry_run, show, table
from ops.environment import OpsError, load_environment
from ops.state import lock
from ops.state.states import OUTPUTS, RESTORED, States, StateVersion
from ops.state.versions import describe, kept_versions
from ops.terraform_state import DamagedStateError, State, parse

VERSION_ID = r"[A-Za-z0-9_.][A-Za-z0-9_.~+/=-]{0,1023}"


@dataclass(frozen=True)
class Restoration:
    """What is to be written.

    Args:
        version: the version that becomes the current one.
        state: what it holds.
        present: the state now; None if there is none, or it can't be read.
        serial: one above that of every version.
    """

    version: StateVersion
    state: State
    present: State | None
    serial: int

    @property
    def differences(self) -> dict[str, str]:
        """The addresses that the state gains and loses."""
        before = {resource.address for resource in self.present.resources} if self.present else set()
        after = {resource.address for resource in self.state.resources}
        return dict.fromkeys(sorted(after - before), "gained") | dict.fromkeys(sorted(before - after), "lost")


def restore(
    version: Annotated[
        str,
        typer.Argument(
            metavar="VERSION",
            help="A version of `ops state versions`.",
            callback=matching(VERSION_ID, "a version of `ops state versions`"),
        ),
    ],
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Make a version of a stack's state the current one.

    Shows which resources the state gains and loses. The present state stays in the bucket, as a version. The restored
    one gets a higher serial than all others, so that saved plans are refused. The state is locked meanwhile.

    Example: ops state restore 3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY --apply
    """
    environment = load_environment()
    states = environment.states
    stack = _stack(states, version)
    if states.s3.get_bucket_versioning(Bucket=states.bucket).get("Status") != "Enabled":
        raise OpsError(f"{states.bucket} is not versioned, so the present state would be lost: `ops bootstrap --apply`")
    if apply:
        with lock.held(states, stack, "ops state restore"):
            restoration = _restoration(environment.states, stack, version)
            _write(states, restoration)
    else:
        restoration = _restoration(environment.states, stack, version)
    _show(states, restoration, apply=apply, as_json=as_json)


def _stack(states: States, version_id: str) -> str:
    found = [version for versions in kept_versions(states).values() for version in versions if version.id == version_id]
    if len(found) != 1:
        raise OpsError(f"{len(found) or 'no'} states have a version {version_id}: see `ops state versions`")
    if found[0].is_delete_marker:
        raise OpsError(f"{version_id} only says that the state was deleted: choose one before it")
    return found[0].stack


def _restoration(states: States, stack: str, version_id: str) -> Restoration:
    # Listed again, since the state is locked now.
    states = States(states.s3, states.settings)
    described = describe(states, kept_versions(states)[stack])
    chosen = next((each for each in described if each.version.id == version_id), None)
    if chosen is None or chosen.state is None:
        raise OpsError(f"{version_id} of {states.uri(stack)} {chosen.wrong if chosen else 'is gone'}: choose another")
    if wrong := states.foreign(stack, chosen.state) or _lineage_of_another(states, stack, chosen.state):
        raise OpsError(f"{version_id} of {states.uri(stack)} {wrong}: choose another one")
    serials = [each.state.serial for each in described if each.state]
    present = next((each.state for each in described if each.version.latest), None)
    return Restoration(chosen.version, chosen.state, present, max(serials) + 1)


def _lineage_of_another(states: States, stack: str, state: State) -> str | None:
    for other in OUTPUTS:
        body = states.body(other) if other != stack else None
        try:
            found = parse(body) if body is not None else None
        except DamagedStateError:
            continue
        if found and found.lineage == state.lineage and not states.foreign(other, found):
            return f"has the lineage of {other}'s state"
    return None


def _write(states: States, restoration: Restoration) -> None:
    content = {**restoration.state.content, "serial": restoration.serial}
    states.s3.put_object(
        Bucket=states.bucket,
        Key=states.settings.state_key(restoration.version.stack),
        Body=json.dumps(content, indent=2).encode(),
        ContentType="application/json",
        Metadata={RESTORED: restoration.version.id},
        **lock.encryption(states),
    )


def _show(states: States, restoration: Restoration, *, apply: bool, as_json: bool) -> None:
    version, differences = restoration.version, restoration.differences
    summary = {
        "stack": version.stack,
        "version": version.id,
        "date": version.date.isoformat(),
        "serial": restoration.state.serial,
        "new_serial": restoration.serial,
        "resources": len(restoration.state.resources),
        "present_resources": len(restoration.present.resources) if restoration.present else None,
        "gained": [address for address, change in differences.items() if change == "gained"],
        "lost": [address for address, change in differences.items() if change == "lost"],
        "applied": apply,
    }
    if as_json:
        print_json(summary)
        return
    now = f"{summary['present_resources']} resources" if restoration.present else "no state that can be read"
    console.print(
        f"{states.uri(version.stack)}: {summary['resources']} resources of {version.date:%Y-%m-%d %H:%M:%SZ},"
        f" serial {restoration.state.serial}, become serial {restoration.serial}; now it has {now}."
    )
    if differences:
        show(table("resource", "the state", rows=differences.items()))
    else:
        console.print("The resources are the same.")
    if apply:
        console.print("Restored. Next: `ops plan` shows what AWS has otherwise, `ops recover` what the state lacks.")
    else:
        say_dry_run(changes=True)
