"""Whether AWS still has what Terraform has made."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from modules.identity import IDENTITIES
from ops.environment import AWS_ERRORS, Environment, OpsError, reason
from ops.existing import existing_ids, state_import_id
from ops.findings import Finding, Verdict, finding
from ops.review.references import HOLDS_DATA
from ops.terraform_state import StateResource

THREADS = 8
"""Each for one type at a time: CloudWatch refuses more than nine questions about alarms a second."""
SHOWN = 10
"""How many addresses are listed: whoever has deleted more sees them all in the plan."""


class Missing(NamedTuple):
    """The resources of one type that AWS does not have, or the reason why that is not known."""

    type: str
    resources: Sequence[StateResource]
    not_checked: str = ""


def resources_exist(environment: Environment) -> Iterator[Finding]:
    """AWS has every resource of the states, of every stack, under its name or its tags."""
    by_type: dict[str, list[StateResource]] = defaultdict(list)
    for resource in environment.resources:
        # Terraform's own terraform_data is nothing in AWS.
        if resource.type in IDENTITIES:
            by_type[resource.type].append(resource)
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda resources: _missing(environment, resources), by_type.values()))
    missing = [resource for of_type in found for resource in of_type.resources]
    shown = [f"{one.address} ({_import_id(environment, one)})" for one in missing[:SHOWN]]
    rest = [f"and {len(missing) - SHOWN} more"] if len(missing) > SHOWN else []
    checked = sum(len(by_type[of_type.type]) for of_type in found if not of_type.not_checked)
    evidence = f"AWS does not have, under their names and tags: {', '.join(shown + rest)}"
    yield finding(
        "resources of the state",
        not missing,
        evidence if missing else f"AWS has all {checked}",
        _remedy(environment, missing),
    )
    for of_type in found:
        if of_type.not_checked:
            yield Finding(
                of_type.type, Verdict.NOT_CHECKED, of_type.not_checked, "check it by hand, or with a role that may ask"
            )


def _missing(environment: Environment, resources: Sequence[StateResource]) -> Missing:
    """Those of the resources, all of one type, that AWS does not have."""
    type_ = resources[0].type
    try:
        return Missing(type_, [resource for resource in resources if not _exists(environment, resource)])
    except (OpsError, *AWS_ERRORS) as error:
        return Missing(type_, [], reason(error))


def _exists(environment: Environment, resource: StateResource) -> bool:
    ids = existing_ids(environment.session, environment.settings, resource.type, resource.attributes)
    id_ = _import_id(environment, resource)
    if ids is None or not id_:
        raise OpsError(f"the state has too little of {resource.address}")
    return id_ in ids


def _import_id(environment: Environment, resource: StateResource) -> str:
    return state_import_id(environment.settings, resource.type, resource.attributes)


def _remedy(environment: Environment, missing: Sequence[StateResource]) -> str:
    data = [resource.address for resource in missing if resource.type in HOLDS_DATA]
    again = f"`ops plan` shows what {environment.deploy_command} would make again"
    if not data:
        return again
    return f"first restore the data of {', '.join(data[:SHOWN])}, as docs/disaster-recovery.md says; {again}, empty"
