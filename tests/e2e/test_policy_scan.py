"""Tests of the policy scan of ``make lint``: its findings, and those that the modules accept."""

import copy
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from policy_scan.__main__ import verdict
from policy_scan.checkov import findings
from policy_scan.configuration import Finding, acceptances, merged, synthesized

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("reviews")]


@pytest.fixture(scope="module")
def dev() -> Any:
    return merged(synthesized("dev"))


def test_what_is_accepted(dev: Any, snapshot: SnapshotAssertion) -> None:
    """The snapshot makes each new acceptance visible in a review."""
    accepted = {
        f"{check_id} {type_}: {reason}"
        for configuration in (dev, *(merged(synthesized(name)) for name in ("prod", "trial")))
        for type_, resources in configuration["resource"].items()
        for resource in resources.values()
        for check_id, reason in resource["//"].get("checkov", {}).items()
    }
    assert sorted(accepted) == snapshot


def only(resources: dict[str, Any]) -> dict[str, Any]:
    (resource,) = resources.values()
    assert isinstance(resource, dict)
    return resource


def test_weaker_resources_are_found(dev: Any) -> None:
    weaker = copy.deepcopy(dev)
    only(weaker["resource"]["aws_db_instance"])["storage_encrypted"] = False
    only(weaker["resource"]["aws_elasticache_replication_group"])["transit_encryption_enabled"] = False
    del weaker["resource"]["aws_s3_bucket_public_access_block"]
    lines = verdict(findings(weaker), acceptances(dev))
    assert [line.partition(" Ensure ")[0] for line in lines] == [
        "data/events-bucket/bucket: CKV2_AWS_6",
        "data/postgres/instance: CKV_AWS_16",
        "data/redis/group: CKV_AWS_30",
    ]


def test_an_acceptance_that_nothing_needs_is_told() -> None:
    needless = Finding("data/postgres/instance", "CKV_AWS_16")
    (line,) = verdict({}, {needless})
    assert line == "data/postgres/instance: CKV_AWS_16 is accepted, though no environment fails it"
