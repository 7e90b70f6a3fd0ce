"""Tests that a change of each setting of a deployed environment does what docs/settings.md tells."""

import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import pytest

from ops.review.losses import FOUNDATIONS
from ops.review.references import HOLDS_DATA
from settings import SettingsError, changes
from settings.reading.ineffective import INEFFECTIVE
from tests.changes.conftest import DESTROYABLE, OBSERVED, Deployed, agrees
from tests.changes.observation import Observation
from tests.changes.values import AGAIN, DEPLOYED_WITH, SETTINGS, Existing, Values, changed, variables
from tests.ci_roles import CiDeployment
from tests.command_line import ops
from tests.environments import load

pytestmark = pytest.mark.e2e

SHOWN_REASONS = 12
TABLE = changes.read()
LOST = f"^(replace|delete) ({'|'.join(sorted(HOLDS_DATA | FOUNDATIONS))})[.]"
REFUSED_BY = {
    "region": "StatusCode: 301",
    # S3 tells only administrators that there is no such bucket.
    "state.bucket": "does not exist|StatusCode: 403",
    "clickhouse.cluster_enabled": "is for mode",
    "ingress.internal": "Instance cannot be destroyed",
    # By Terraform, where the environment is protected.
    "encryption.kms": f"Instance cannot be destroyed|{LOST}",
    **{
        setting: "has no effect"
        for ineffective in INEFFECTIVE
        for setting in ineffective.settings
        if ineffective.cause == "clickhouse.mode"
    },
}
"""What the refusal says, where it is not `ops plan` that refuses the loss of data."""

# AWS refuses to change these back, or too soon, or keeps the secrets that they make for a while.
IRREVERSIBLE = {
    "first.organization",
    "first.project",
    "first.user_email",
    "network.availability_zones",
    "postgres.version",
    "postgres.storage_gib",
    "redis.engine",
    "redis.version",
    "clickhouse.volume_gib",
    "clickhouse.volume_iops",
    "clickhouse.volume_throughput_mib",
    "ingress.ip_address_type",
}


@pytest.mark.parametrize("deploy", ["first", "again", "back"])
@pytest.mark.usefixtures("observations")
@pytest.mark.timeout(1800)  # the first test of an environment also waits until it is deployed
def test_changes_in_place_are_applied_and_then_the_plan_is_empty(deployed: Deployed, deploy: str) -> None:
    """The first deploy changes all settings that can change together, and the next changes what the first has made.

    The last one changes them back, and the others. What AWS does not change back stays, and deletion protection goes,
    for the destroy that follows.
    """
    first, others = _deploys(deployed.environment, deployed.existing)
    kept = {setting: value for setting, value in first.items() if setting in IRREVERSIBLE}
    values = {
        "first": first,
        "again": {**first, **AGAIN},
        "back": {**kept, **others, **DESTROYABLE},
    }
    deployed.change(values[deploy])
    planned = ops("plan", "--json", environment=_plan_environment(deployed))
    assert planned.returncode == 0, planned.stderr[-3000:]
    unchanged = dict.fromkeys(("add", "change", "replace", "destroy", "forget"), 0)
    assert json.loads(planned.stdout)["stacks"] == dict.fromkeys(("access", "network", "data", "services"), unchanged)


def _plan_environment(deployed: Deployed) -> dict[str, str]:
    """The variables of ``ops plan``, with the role that plans in CI."""
    folder = {"CDKTF_OUTDIR": str(deployed.deployment.folder / "planned"), "AWS_SDK_UA_APP_ID": "ops-plan"}
    assert isinstance(deployed.deployment, CiDeployment)
    return {**deployed.deployment.environment, **deployed.deployment.planning, **folder}


def _deploys(environment: str, existing: Existing) -> tuple[Values, Values]:
    """Returns the values to deploy at first, and those that conflict with them."""
    current = load(environment, DEPLOYED_WITH)
    applied = [
        changed(setting, current, existing)
        for setting in SETTINGS
        if setting in TABLE and TABLE[setting].effect_in(environment) in ("in place", "restarts")
    ]
    together: dict[str, object] = {}
    left: dict[str, object] = {}
    # Those that change several settings come last: `redis.engine` changes `redis.version` too, and not back.
    for values in sorted(applied, key=len):
        deploy = together if _fits(environment, together, values) else left
        deploy.update(values)
    return together, left


def _fits(environment: str, others: Values, values: Values) -> bool:
    try:
        load(environment, {**DEPLOYED_WITH, **variables({**others, **values})})
    except SettingsError:
        return False
    return all(others.get(setting, value) == value for setting, value in values.items())


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_change_does_what_the_manual_tells(
    deployed: Deployed,
    observations: Future[Mapping[str, Observation]],
    setting: str,
    record_property: Callable[[str, object], None],
    request: pytest.FixtureRequest,
) -> None:
    observation = observations.result()[setting]
    record_property(OBSERVED, (setting, deployed.environment, observation.effect))
    if request.config.getoption("--write"):
        return
    assert setting in TABLE, f"{setting} is new: `python -m tests changes --write`"
    expected = TABLE[setting].effect_in(deployed.environment)
    if not agrees(observation.effect, expected):
        pytest.fail(_disagreement(setting, expected, observation), pytrace=False)
    if expected == "refused":
        assert any(re.search(REFUSED_BY.get(setting, LOST), reason) for reason in observation.reasons), (
            observation.reasons[:1]
        )


def _disagreement(setting: str, expected: str, observation: Observation) -> str:
    reasons = observation.reasons
    left_out = [f"and {len(reasons) - SHOWN_REASONS} more"] if len(reasons) > SHOWN_REASONS else []
    first = f"{setting}: expected {expected}, observed {observation.effect}"
    return "\n  ".join([first, *reasons[:SHOWN_REASONS], *left_out])
