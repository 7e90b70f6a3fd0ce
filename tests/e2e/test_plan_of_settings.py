"""Tests of what ``ops plan`` says of changes of settings of a deployed environment, on real plans."""

from typing import NamedTuple

import pytest

from local.deployment import Deployment
from tests.changes.values import Values, variables
from tests.e2e.conftest import plan

pytestmark = pytest.mark.e2e


class Row(NamedTuple):
    """Settings that change, the exit code, and parts of the review, in their order."""

    values: Values
    code: int
    says: tuple[str, ...]


ROWS = {
    "what other stacks depend on": Row(
        {"network.cidr": "10.77.0.0/16"},
        3,
        (
            "### ⛔ Refused: data would be lost\n",
            "| data | waits for network | | | | | |\n| services | waits for network, data | | | | | |\n",
            "- `network.cidr`, `network.vpc_id` and its subnets can't be changed once deployed",
            "- `aws_vpc.vpc_",
            "is replaced, and the data that depends on it is lost too: `aws_db_instance.postgres_",
            "`aws_ebs_volume.clickhouse_data` in data",
            "`aws_elasticache_replication_group.redis_",
            "forced by `cidr_block` (10.0.0.0/16 → 10.77.0.0/16)\n- and ",
            " that follow\n",
        ),
    ),
    "a major version of PostgreSQL": Row(
        {"postgres.version": "16"},
        0,
        ("### ⚠️", "**No way back**", "engine_version 15 → 16: no way back", "modified now (engine_version): downtime"),
    ),
    "protections": Row(
        {"log_retention_days": 1, "clickhouse.snapshot_retention_days": 1, "storage.deleted_retention_days": 1},
        0,
        (
            "### ⚠️ Adds and changes in place; protects less\n",
            "**Protects less**",
            "days of logs 7 → 1",
            "`aws_backup_plan.clickhouse-server_backups_plan_B1180907`: days of backups 3 → 1\n",
            "days of deleted objects 7 → 1\n",
        ),
    ),
    "the size of tasks": Row(
        {"web.memory_mib": 5120},
        0,
        (
            "forced by `memory` (4096 → 5120)",
            "rolling: new tasks are healthy before the old ones stop, no downtime\n",
            "- change `aws_ecs_service.web_service_10983F6A`: task_definition\n",
        ),
    ),
    "a variable and a secret": Row(
        {
            "langfuse.environment": {"AUTH_DISABLE_SIGNUP": "true"},
            "langfuse.secrets": {"SMTP_PASSWORD": "arn:aws:secretsmanager:us-east-1:000000000000:secret:smtp-AbCdEf"},
        },
        0,
        ("forced by `container_definitions` (langfuse-dev-web: + AUTH_DISABLE_SIGNUP, + secret SMTP_PASSWORD)\n",),
    ),
    "a documented rotation": Row(
        {"secrets.nextauth_secret_version": 2},
        0,
        ("services not planned: loss unknown\n", "**Gets a new value", "_nextauth-secret_version_", "1 → 2\n"),
    ),
    "the instance and the volume of ClickHouse": Row(
        {"clickhouse.instance_type": "m7g.xlarge", "clickhouse.volume_gib": 200},
        0,
        (
            "`aws_ebs_volume.clickhouse_data`: size 50 → 200: a disk can't be made smaller",
            "stopped and started (instance_type): downtime of some minutes",
        ),
    ),
    "alarms": Row(
        {"alarms.queue_metrics": False},
        0,
        ("**Protects less**\n- `aws_cloudwatch_metric_alarm.queue-alarms_ingestion_C3886C47`: alarm → none\n",),
    ),
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("deployment", ["dev"], indirect=True)
def test_the_consequences_of_a_change_of_settings(deployment: Deployment, row: str) -> None:
    values, code, says = ROWS[row]
    planned = plan(deployment, **variables(values)).ran
    assert planned.returncode == code, planned.stderr[-3000:]
    left = planned.stdout
    for part in says:
        assert part in left, f"{part}\n{planned.stdout}"
        left = left.partition(part)[2]
