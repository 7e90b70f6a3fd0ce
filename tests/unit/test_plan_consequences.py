"""Tests of what ``ops plan-review`` says of a plan's consequences, on plans made by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.unit.plans import Json, plan, resource, review

REMOTE = (
    "data.terraform_remote_state.cross-stack-reference-input-network.outputs.cross-stack-output-aws_subnetprivateid"
)
SUBNET_OUTPUT = {"cross-stack-output-aws_subnetprivateid": {"expression": {"references": ["aws_subnet.private.id"]}}}
NETWORK_CONFIGURATION = {
    "root_module": {
        "outputs": SUBNET_OUTPUT,
        "resources": [
            {"address": "aws_vpc.vpc", "type": "aws_vpc", "expressions": {}},
            {
                "address": "aws_subnet.private",
                "type": "aws_subnet",
                "expressions": {"vpc_id": {"references": ["aws_vpc.vpc.id", "aws_vpc.vpc"]}},
            },
        ],
    }
}
WAITING_DATA = {
    "waits_for": ["network"],
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_db_subnet_group.postgres",
                    "type": "aws_db_subnet_group",
                    "expressions": {"subnet_ids": [f"${{{REMOTE}}}"]},
                },
                {
                    "address": "aws_db_instance.postgres",
                    "type": "aws_db_instance",
                    "expressions": {"db_subnet_group_name": "${aws_db_subnet_group.postgres.name}"},
                },
            ]
        }
    },
}


def replaced(address: str, *paths: str, before: Json, after: Json, **others: Any) -> Json:
    return resource(address, "replace", before, after, replace_paths=[[path] for path in paths], **others)


def containers(**container: Any) -> Json:
    return {"container_definitions": json.dumps([{"name": "web", "image": "langfuse/langfuse:4.16.0", **container}])}


NETWORK_CIDR = plan(
    *(
        replaced(
            f"aws_route_table.private-{number}",
            "vpc_id",
            before={"vpc_id": "v"},
            after={},
            after_unknown={"vpc_id": True},
        )
        for number in range(46)
    ),
    replaced("aws_subnet.private", "vpc_id", before={"vpc_id": "v"}, after={}, after_unknown={"vpc_id": True}),
    replaced("aws_vpc.vpc", "cidr_block", before={"cidr_block": "10.0.0.0/16"}, after={"cidr_block": "10.1.0.0/16"}),
    configuration=NETWORK_CONFIGURATION,
)
DATABASE = {"apply_immediately": True, "multi_az": True}
LOOSER = plan(
    resource(
        "aws_db_instance.postgres",
        "change",
        {"deletion_protection": True, "multi_az": True, "backup_retention_period": 14, "skip_final_snapshot": False},
        {"deletion_protection": False, "multi_az": False, "backup_retention_period": 0, "skip_final_snapshot": True},
    ),
    resource("aws_s3_bucket.events", "change", {"force_destroy": False}, {"force_destroy": True}),
    resource("aws_cloudwatch_log_group.web", "change", {"retention_in_days": 30}, {"retention_in_days": 7}),
    resource("aws_cloudwatch_metric_alarm.cpu", "change", {"alarm_actions": ["a"]}, {"alarm_actions": []}),
    resource("aws_cloudwatch_metric_alarm.disk", "destroy", {"alarm_name": "disk"}),
    resource(
        "aws_lb_listener.https",
        "change",
        {"ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
        {"ssl_policy": "ELBSecurityPolicy-2016-08"},
    ),
    resource(
        "aws_s3_bucket_versioning.events",
        "change",
        {"versioning_configuration": [{"status": "Enabled"}]},
        {"versioning_configuration": [{"status": "Suspended"}]},
    ),
    resource(
        "aws_s3_bucket_public_access_block.events", "change", {"block_public_acls": True}, {"block_public_acls": False}
    ),
)
SERVICE = {"deployment_minimum_healthy_percent": 100, "deployment_circuit_breaker": [{"enable": True}]}
UNKNOWN_DEFINITION = {
    "after_unknown": {"task_definition": True, "deployment_circuit_breaker": [{}], "load_balancer": []}
}
TASKS = plan(
    resource("aws_ecs_service.web", "change", {**SERVICE, "task_definition": "web:1"}, SERVICE, **UNKNOWN_DEFINITION),
    replaced(
        "aws_ecs_task_definition.web",
        "container_definitions",
        before={
            "memory": "4096",
            **containers(memory=4096, environment=[{"name": "OLD", "value": "x"}, {"name": "URL", "value": "value-1"}]),
        },
        after={
            "memory": "8192",
            **containers(
                memory=8192,
                environment=[{"name": "AUTH_DISABLE_SIGNUP", "value": "true"}, {"name": "URL", "value": "value-2"}],
                secrets=[{"name": "SMTP_PASSWORD", "valueFrom": "arn:aws:secretsmanager:x"}],
            ),
        },
    ),
)
VERSION_OF = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:langfuse-dev/nextauth-secret-AbCdEf"
ROTATED: Json = {
    "before": {"secret_id": VERSION_OF, "secret_string_wo_version": 1},
    "after": {"secret_id": VERSION_OF, "secret_string_wo_version": 2},
}
ROWS: dict[str, tuple[dict[str, Json], int]] = {
    "network.cidr": ({"network": NETWORK_CIDR, "data": WAITING_DATA}, 3),
    "postgres.version": (
        {
            "data": plan(
                resource(
                    "aws_db_instance.postgres",
                    "change",
                    {**DATABASE, "engine_version": "15"},
                    {**DATABASE, "engine_version": "16"},
                )
            )
        },
        0,
    ),
    "protections": ({"data": LOOSER}, 0),
    "tasks": ({"services": TASKS}, 0),
    "a rotated secret": (
        {"data": plan(replaced("aws_secretsmanager_secret_version.nextauth", "secret_string_wo_version", **ROTATED))},
        0,
    ),
    "a forgotten volume": ({"data": plan(resource("aws_ebs_volume.clickhouse_data", "forget", {"size": 50}))}, 3),
    "interruptions": (
        {
            "data": plan(
                resource(
                    "aws_db_instance.later",
                    "change",
                    {"instance_class": "db.m7g.large"},
                    {"instance_class": "db.m7g.xlarge", "maintenance_window": "sun:05:00-sun:06:00"},
                ),
                resource("aws_db_instance.quiet", "change", {"iops": 3000}, {"iops": 4000, "apply_immediately": True}),
                resource("aws_instance.clickhouse", "change", {"instance_type": "a"}, {"instance_type": "b"}),
                resource("aws_elasticache_replication_group.redis", "change", {"node_type": "a"}, {"node_type": "b"}),
                resource("aws_ebs_volume.data", "change", {"size": 50}, {"size": 100}),
                resource("aws_route53_record.web", "change", {"ttl": 60, "name": "a"}, {"ttl": 60, "name": "b"}),
                resource("aws_ecs_service.worker", "replace", {"launch_type": "EC2"}, {"launch_type": "FARGATE"}),
                resource("aws_lb.web", "destroy", {"name": "web"}),
            )
        },
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_the_review_of_a_change(tmp_path: Path, row: str, snapshot: SnapshotAssertion) -> None:
    plans, code = ROWS[row]
    ran = review(tmp_path, plans)
    assert ran.returncode == code, ran.stderr
    assert ran.stdout == snapshot


def test_a_value_of_a_variable_is_never_shown(tmp_path: Path) -> None:
    ran = review(tmp_path, {"services": TASKS})
    assert "URL" in ran.stdout
    assert "value-" not in ran.stdout


@pytest.mark.parametrize("marks", [{"before_sensitive": {"container_definitions": True}}, {"after_sensitive": True}])
def test_sensitive_containers_show_names_only(tmp_path: Path, marks: Json) -> None:
    change = TASKS["resource_changes"][1]
    ran = review(tmp_path, {"services": plan({**change, "change": {**change["change"], **marks}})})
    assert "web: memory, + AUTH_DISABLE_SIGNUP, - OLD, ~ URL, + secret SMTP_PASSWORD" in ran.stdout


@pytest.mark.parametrize(
    "change",
    [
        {"after_unknown": {"circuit_breaker": [{}], "tags": {}, "subnets": [False]}},
        {"before": {"a": None}, "after": {"a": ""}},
        {"before": {"a": {}}, "after": {"a": None}},
    ],
)
def test_what_is_no_change_of_an_argument(tmp_path: Path, change: Json) -> None:
    empty = resource("aws_ecs_service.web", "change", {"circuit_breaker": [{"a": 1}]}, {"circuit_breaker": [{"a": 1}]})
    ran = review(tmp_path, {"services": plan({**empty, "change": {**empty["change"], **change}})})
    assert "- change `aws_ecs_service.web`\n" in ran.stdout
