"""A real deploy that upgrades PostgreSQL to another major version, and turns Redis into Valkey, both in place."""

import json
from typing import Any

import pytest

from local.deployment import Deployment
from tests.e2e.conftest import SWITCHED, plan
from tests.environments import UPGRADED

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("deployment", [SWITCHED], indirect=True)
def test_postgres_16_and_valkey_take_over_in_place(deployment: Deployment) -> None:
    before = databases(deployment)
    assert before["postgres"].startswith("15.")
    assert before["redis"] == "redis 7.1"
    upgraded = Deployment(deployment.aws, deployment.folder, {**deployment.variables, **UPGRADED}, deployment.report)
    assert upgraded.deploy() == 0
    after = databases(deployment)
    assert after["postgres"].startswith("16.")
    assert after["redis"].startswith("valkey 8.")
    assert after["ids"] == before["ids"]
    assert parameter_groups(deployment) == {"langfuse-dev-postgres-16", "langfuse-dev-redis-valkey8"}
    planned = plan(upgraded, "plan-after-upgrades")
    assert planned.ran.returncode == 0, planned.ran.stdout + planned.ran.stderr
    changes = [
        change["address"]
        for file in (planned.folder / "plans").iterdir()
        for change in json.loads(file.read_text())["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    ]
    assert changes == []


def client(deployment: Deployment, service: str) -> Any:
    return deployment.aws.session().client(service, endpoint_url=deployment.aws.url)  # type: ignore[call-overload]


def databases(deployment: Deployment) -> dict[str, Any]:
    """Returns the versions that run, and what identifies the instance and the node."""
    (instance,) = client(deployment, "rds").describe_db_instances()["DBInstances"]
    (node,) = client(deployment, "elasticache").describe_cache_clusters()["CacheClusters"]
    return {
        "postgres": instance["EngineVersion"],
        "redis": f"{node['Engine']} {node['EngineVersion']}",
        "ids": (instance["DbiResourceId"], node["CacheClusterCreateTime"]),
    }


def parameter_groups(deployment: Deployment) -> set[str]:
    """Returns the names of the parameter groups of this project."""
    groups = [
        *client(deployment, "rds").describe_db_parameter_groups()["DBParameterGroups"],
        *client(deployment, "elasticache").describe_cache_parameter_groups()["CacheParameterGroups"],
    ]
    names = {group.get("DBParameterGroupName") or group["CacheParameterGroupName"] for group in groups}
    return {name for name in names if name.startswith("langfuse-")}
