"""``ops state versions``: what each version of the stacks' states holds."""

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, NamedTuple

import typer
from botocore.exceptions import ClientError

from ops.arguments import matching
from ops.console import AsJson, console, print_json, show, table
from ops.environment import OpsError, load_environment, reason
from ops.state.states import StateError, States, StateVersion
from ops.terraform_state import DamagedStateError, State, parse

AT_ONCE = 10
"""How many objects are read at once: as many as boto3 keeps connections."""


def _stack_name(value: str | None) -> str | None:
    return value if value is None else matching(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "a stack, such as network")(value)


class Described(NamedTuple):
    """A version with its state, or what is wrong with that. A delete marker has neither."""

    version: StateVersion
    state: State | None
    wrong: str


def versions(
    stack: Annotated[
        str | None, typer.Argument(metavar="[STACK]", help="By default, all stacks.", callback=_stack_name)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the versions of the stacks' states, newest first.

    Shows the serial, the Terraform version, the number of resources and the lineage of each, which one is current, and
    what is wrong with it. Noncurrent versions are kept for 90 days.

    Example: ops state versions data
    """
    states = load_environment().states
    found = kept_versions(states)
    if stack is not None and stack not in found:
        raise OpsError(f"there is no version of {states.uri(stack)}, only of: {', '.join(found) or 'nothing'}")
    described = describe(states, [version for name in ([stack] if stack else found) for version in found[name]])
    if as_json:
        print_json([_as_json(each) for each in described])
        return
    if not described:
        console.print(f"There is no version of a state in s3://{states.bucket}/{states.settings.state_key_prefix}.")
        return
    columns = ("stack", "version", "date", "bytes", "serial", "Terraform", "resources", "lineage", "is")
    show(table(*columns, rows=[_row(each) for each in described]))


def kept_versions(states: States) -> dict[str, list[StateVersion]]:
    """The versions of each stack's state that has any, in the order of the stacks' deploys.

    Raises:
        OpsError: if there is no state bucket, or these credentials may not list its versions.
    """
    if states.versions is None:
        raise OpsError(f"these credentials may not list the versions in {states.bucket}: s3:ListBucketVersions")
    return {stack: states.versions[stack] for stack in states.stacks() if states.versions.get(stack)}


def describe(states: States, found: list[StateVersion]) -> list[Described]:
    """Reads each version."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda version: _describe(states, version), found))


def _describe(states: States, version: StateVersion) -> Described:
    if version.is_delete_marker:
        return Described(version, None, "")
    try:
        state = parse(states.body(version.stack, version.id) or b"")
    except DamagedStateError as error:
        return Described(version, None, str(error))
    except ClientError as error:
        # The KMS key of an old version may be gone.
        return Described(version, None, reason(error))
    wrong = states.foreign(version.stack, state)
    if version.latest and not wrong:
        try:
            states.read(version.stack)
        except StateError as error:
            wrong = error.what
    return Described(version, state, wrong or "")


def _status(each: Described) -> str:
    what = "deleted" if each.version.is_delete_marker else each.wrong
    return ", ".join(filter(None, ["current" if each.version.latest else "", what]))


def _row(each: Described) -> list[object]:
    version, state, _ = each
    size = "" if version.size is None else version.size
    columns = [version.stack, version.id, f"{version.date:%Y-%m-%d %H:%M:%SZ}", size]
    known = [state.serial, state.terraform_version, len(state.resources), state.lineage[:8]] if state else [""] * 4
    return [*columns, *known, _status(each)]


def _as_json(each: Described) -> dict[str, object]:
    version, state, wrong = each
    return {
        "stack": version.stack,
        "version": version.id,
        "date": version.date.isoformat(),
        "bytes": version.size,
        "serial": state.serial if state else None,
        "terraform_version": state.terraform_version if state else None,
        "resources": len(state.resources) if state else None,
        "lineage": state.lineage if state else None,
        "current": version.latest,
        "deleted": version.is_delete_marker,
        "wrong": wrong,
    }
