"""``make lint``'s policy scan: what it finds, and what the modules accept, where and why."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from launchers.scan_with_checkov import Finding, acceptances, findings, synthesized, together, verdict

pytestmark = pytest.mark.e2e

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def dev() -> Any:
    return together(synthesized("dev"))


def test_what_is_accepted(dev: Any, snapshot: SnapshotAssertion) -> None:
    """Whoever accepts more shows it here, to be looked at."""
    accepted = {
        f"{check_id} {type_}: {reason}"
        for configuration in (dev, together(synthesized("prod")))
        for type_, resources in configuration["resource"].items()
        for resource in resources.values()
        for check_id, reason in resource["//"].get("checkov", {}).items()
    }
    assert sorted(accepted) == snapshot


def only(resources: dict[str, Any]) -> dict[str, Any]:
    (resource,) = resources.values()
    assert isinstance(resource, dict)
    return resource


@pytest.mark.parametrize(
    ("change", "path", "check_id"),
    [
        (
            lambda types: only(types["aws_db_instance"]).update(storage_encrypted=False),
            "data/postgres/instance",
            "CKV_AWS_16",
        ),
        (
            lambda types: only(types["aws_elasticache_replication_group"]).update(transit_encryption_enabled=False),
            "data/redis/group",
            "CKV_AWS_30",
        ),
        (lambda types: types.pop("aws_s3_bucket_public_access_block"), "data/events-bucket/bucket", "CKV2_AWS_6"),
    ],
)
def test_a_weaker_resource_is_found(dev: Any, change: Callable[[Resources], object], path: str, check_id: str) -> None:
    weaker = copy.deepcopy(dev)
    change(weaker["resource"])
    (line,) = verdict(findings(weaker), acceptances(dev))
    assert line.startswith(f"{path}: {check_id} Ensure ")


def test_an_acceptance_that_nothing_needs_is_told() -> None:
    needless = Finding("data/postgres/instance", "CKV_AWS_16")
    (line,) = verdict({}, {needless})
    assert line == "data/postgres/instance: CKV_AWS_16 is accepted, though no environment fails it"
