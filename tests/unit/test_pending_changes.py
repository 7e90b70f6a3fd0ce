"""What ``ops status`` shows of pending changes. tests/e2e/test_day_two.py tests that it does."""

from typing import Any

from ops.pending_changes import of_database, of_redis


def test_nothing_is_pending() -> None:
    assert of_database({"PendingModifiedValues": {}}) == of_redis({}, [{}]) == of_redis({}, []) == ""


def test_nothing_of_a_password_is_shown() -> None:
    """RDS masks it; that is not relied on."""
    shown = of_database({"PendingModifiedValues": {"MasterUserPassword": "hidden", "Iops": 3000}})
    assert shown == "MasterUserPassword, Iops 3000; maintenance window unknown UTC"


def test_a_group_and_its_nodes_have_pending_changes() -> None:
    group = {"PendingModifiedValues": {"AutomaticFailoverStatus": "enabled"}}
    nodes: list[Any] = [
        {"PreferredMaintenanceWindow": "mon:03:00-mon:04:00"},
        {"PendingModifiedValues": {"EngineVersion": "7.1"}},
    ]
    assert of_redis(group, nodes) == (
        "AutomaticFailoverStatus enabled, EngineVersion 7.1; maintenance window mon:03:00-mon:04:00 UTC"
    )
