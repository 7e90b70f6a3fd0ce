"""Tests of what ``ops plan-review`` says that users notice, and that it says "nothing" only where that is known."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops.review import harmless, interruptions
from tests.unit.plans import Json, plan, resource, review

NOTHING = "- nothing: no downtime"
TITLE = "**What users notice**\n"
GROUP = "aws_elasticache_replication_group"
RULE = "aws_vpc_security_group_egress_rule"
NAMED = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:langfuse-dev/{}-AbCdEf"
OPEN_NO_CONNECTION = "tasks open no new connection to PostgreSQL until `ops redeploy --apply`"


def policy(*actions: str, effect: str = "Allow", **others: Any) -> Json:
    statement = {"Effect": effect, "Action": actions, "Resource": "*"}
    return {"policy": json.dumps({"Statement": [statement]}), **others}


def change(type_: str, before: Json, after: Json, **others: Any) -> Json:
    return resource(f"{type_}.one", "change", before, after, **others)


def destroyed(type_: str) -> Json:
    return resource(f"{type_}.one", "destroy", {"id": "x"})


def replaced(type_: str, before: Json | None = None, after: Json | None = None) -> Json:
    return resource(f"{type_}.one", "replace", before or {"name": "a"}, after or {"name": "b"})


def rotated(secret: str) -> Json:
    before, after = ({"secret_id": NAMED.format(secret), "secret_string_wo_version": number} for number in (1, 2))
    address = "aws_secretsmanager_secret_version.one"
    return resource(address, "replace", before, after, replace_paths=[["secret_string_wo_version"]])


def noticed(folder: Path, *changes: Json, **others: Json) -> list[str]:
    """The lines of the section."""
    ran = review(folder, {"data": plan(*changes), **others})
    assert ran.returncode in (0, 3), ran.stderr
    return [line for line in ran.stdout.partition(TITLE)[2].partition("\n\n")[0].splitlines() if line]


BOUNDARY = "arn:aws:iam::123456789012:policy/{}"
HARMLESS = {
    "the boundary of the stack access": change(
        "aws_iam_role",
        {"permissions_boundary": ""},
        {"permissions_boundary": BOUNDARY.format("langfuse-dev-us-east-1-boundary"), "tags": {"Team": "ml"}},
    ),
    "no boundary": change(
        "aws_iam_role", {"permissions_boundary": BOUNDARY.format("own")}, {"permissions_boundary": None}
    ),
    "Container Insights": change("aws_ecs_cluster", {"setting": [{"value": "a"}]}, {"setting": [{"value": "b"}]}),
    "tags": change("aws_ecs_service", {"tags": {"a": "b"}}, {"tags": {"a": "c"}}),
    "an alarm": destroyed("aws_cloudwatch_metric_alarm"),
    "a dashboard": change("aws_cloudwatch_dashboard", {"dashboard_body": "a"}, {"dashboard_body": "b"}),
    "a log group": change("aws_cloudwatch_log_group", {"retention_in_days": 7}, {"retention_in_days": 1}),
    "backups": change("aws_backup_plan", {"rule": []}, {"rule": [{"a": 1}]}),
    "lifecycle rules": change("aws_s3_bucket_lifecycle_configuration", {"rule": []}, {"rule": [{"id": "a"}]}),
    "another grant": change("aws_iam_role_policy", policy("s3:Get"), policy("s3:Get", "s3:Put")),
    "a smaller least number of tasks": change("aws_appautoscaling_target", {"min_capacity": 2}, {"min_capacity": 1}),
    "a zone's comment": change("aws_route53_zone", {"comment": "a"}, {"comment": "b"}),
    "protection of a bucket": change("aws_s3_bucket", {"force_destroy": False}, {"force_destroy": True}),
    "no rule of a split service": resource("aws_lb_listener_rule.web-api-rules_paths-1_B1", "destroy", {"a": 1}),
    "a replaced rule": replaced("aws_lb_listener_rule"),
    "no role of a split service": resource("aws_iam_role.web-api_execution-role_role_B1", "destroy", {"a": 1}),
    "no targets of a split service": resource("aws_lb_target_group.web-api-rules_targets_B1", "destroy", {"a": 1}),
    "what only leaves the state": resource("aws_iam_role.one", "forget", {"a": 1}),
}


@pytest.mark.parametrize("name", ["own", "langfuse-boundary", "own/langfuse-dev-boundary"])
def test_a_boundary_of_somebody_else_may_deny_what_a_role_needs(tmp_path: Path, name: str) -> None:
    bounded = change("aws_iam_role", {"permissions_boundary": ""}, {"permissions_boundary": BOUNDARY.format(name)})
    assert noticed(tmp_path, bounded) != [NOTHING]


def test_a_boundary_that_is_not_known_yet_may_deny_what_a_role_needs(tmp_path: Path) -> None:
    unknown = {"permissions_boundary": True}
    bounded = change("aws_iam_role", {"permissions_boundary": BOUNDARY.format("own")}, {}, after_unknown=unknown)
    assert noticed(tmp_path, bounded) != [NOTHING]


@pytest.mark.parametrize("name", HARMLESS)
def test_nothing_is_noticed(tmp_path: Path, name: str) -> None:
    assert noticed(tmp_path, HARMLESS[name]) == [NOTHING]


NOTICED: dict[str, tuple[Json, str]] = {
    "a database is replaced": (replaced("aws_db_instance"), "replaced: downtime until the new one runs, without the"),
    "a role is replaced": (replaced("aws_iam_role"), "replaced: what runs under it is denied until it has the new one"),
    "a cache is destroyed": (destroyed(GROUP), "destroyed: what uses it is down"),
    "a bucket is destroyed": (destroyed("aws_s3_bucket"), "destroyed: what uses it fails"),
    "an egress rule is destroyed": (destroyed(RULE), "destroyed: connections through it are cut off"),
    "a route is destroyed": (destroyed("aws_route"), "destroyed: connections through it are cut off"),
    "a route to a NAT gateway is destroyed": (
        resource("aws_route.one", "destroy", {"nat_gateway_id": "nat-0123456789abcdef0"}),
        "destroyed: connections through it are cut off, and no task starts in its subnets without another way out",
    ),
    "an endpoint has other route tables": (
        change("aws_vpc_endpoint", {"route_table_ids": ["a"]}, {"route_table_ids": ["a", "b"]}),
        "open connections to the service may be cut off once",
    ),
    "an endpoint is destroyed": (destroyed("aws_vpc_endpoint"), "destroyed: connections through it are cut off"),
    "a NAT gateway is destroyed": (destroyed("aws_nat_gateway"), "destroyed: connections through it are cut off"),
    "an SES identity is replaced": (replaced("aws_sesv2_email_identity"), "replaced: mails are refused until SES has"),
    "an SES identity is destroyed": (destroyed("aws_sesv2_email_identity"), "destroyed: SES refuses mails of its"),
    "a policy is destroyed": (destroyed("aws_iam_role_policy"), "destroyed: what needs it is denied"),
    "a policy is detached": (destroyed("aws_iam_role_policy_attachment"), "destroyed: what needs it is denied"),
    "a volume is detached": (destroyed("aws_volume_attachment"), "destroyed: what uses it is down"),
    "another port": (change("aws_lb_listener", {"port": 443}, {"port": 8443}), "it listens on another port"),
    "another protocol": (
        change("aws_lb_listener", {"protocol": "HTTP"}, {"protocol": "HTTPS"}),
        "it takes another protocol",
    ),
    "another answer": (
        change("aws_lb_listener", {"default_action": [{"type": "a"}]}, {"default_action": [{"type": "b"}]}),
        "it answers requests otherwise",
    ),
    "other paths": (
        change("aws_lb_listener_rule", {"condition": [{"a": 1}]}, {"condition": [{"a": 2}]}),
        "other paths are forwarded",
    ),
    "another target group of a rule": (
        change("aws_lb_listener_rule", {"action": [{"a": 1}]}, {"action": [{"a": 2}]}),
        "its paths are forwarded elsewhere",
    ),
    "no split service of web": (
        resource("aws_ecs_service.web-ingestion_service_588CCC8A", "destroy", {"id": "x"}),
        "destroyed: web serves its paths, no downtime",
    ),
    "a replaced split service of web": (
        resource("aws_ecs_service.web-api_service_588CCC8A", "replace", {"name": "a"}, {"name": "b"}),
        "replaced: web serves its paths, no downtime",
    ),
    "no split service of the worker": (
        resource("aws_ecs_service.worker-ingestion_service_B557A748", "destroy", {"id": "x"}),
        "destroyed: traces wait in the queues until new tasks are healthy, and none is lost",
    ),
    "a split service without tasks afterwards": (
        resource("aws_ecs_service.web-api_service_588CCC8A", "replace", {"desired_count": 1}, {"desired_count": 0}),
        "replaced: it has no tasks afterwards: downtime",
    ),
    "no tasks at most": (
        change("aws_appautoscaling_target", {"max_capacity": 2}, {"max_capacity": 0}),
        "it has no tasks afterwards: downtime",
    ),
    "no tasks": (change("aws_ecs_service", {"desired_count": 2}, {"desired_count": 0}), "it has no tasks afterwards"),
    "a service with no tasks afterwards": (
        replaced("aws_ecs_service", {"desired_count": 1}, {"desired_count": 0}),
        "replaced: it has no tasks afterwards: downtime",
    ),
    "a service with tasks afterwards": (
        replaced("aws_ecs_service", {"desired_count": 1}, {"desired_count": 1}),
        "replaced: its tasks stop: downtime until the new ones are healthy",
    ),
    "a deployment without tasks": (
        change(
            "aws_ecs_service",
            {"task_definition": "a:1", "desired_count": 0},
            {"task_definition": "a:2", "desired_count": 0},
        ),
        "its tasks stop, and no new ones start",
    ),
    "fewer healthy tasks": (
        change(
            "aws_ecs_service",
            {"task_definition": "a:1", "deployment_minimum_healthy_percent": 50},
            {"task_definition": "a:2", "deployment_minimum_healthy_percent": 50},
        ),
        "rolling: only 50% of its tasks stay while new ones start, downtime is possible",
    ),
    "as many healthy tasks": (
        change(
            "aws_ecs_service",
            {"task_definition": "a:1", "deployment_minimum_healthy_percent": 100},
            {"task_definition": "a:2", "deployment_minimum_healthy_percent": 100},
        ),
        "rolling: new tasks are healthy before the old ones stop, no downtime",
    ),
    "a key is disabled": (
        change("aws_kms_key", {"is_enabled": True}, {"is_enabled": False}),
        "what it encrypts can't be read while it is disabled",
    ),
    "another name of a database": (
        change("aws_db_instance", {"identifier": "a"}, {"identifier": "b"}),
        "modified in the maintenance window (identifier): downtime, a restart of some minutes",
    ),
    "a standby": (
        change(
            "aws_db_instance",
            {"instance_class": "a", "multi_az": True, "apply_immediately": True},
            {"instance_class": "b", "multi_az": True, "apply_immediately": True},
        ),
        "modified now (instance_class): downtime, a failover of a minute or two",
    ),
    "a replica": (
        change(
            GROUP,
            {"node_type": "a", "automatic_failover_enabled": True},
            {"node_type": "b", "automatic_failover_enabled": True},
        ),
        "modified in the maintenance window (node_type): interrupted for seconds",
    ),
    "a database's new password": (
        change("aws_db_instance", {"password_wo_version": 1}, {"password_wo_version": 2}),
        OPEN_NO_CONNECTION,
    ),
    "a rotated password": (rotated("database-password"), OPEN_NO_CONNECTION),
    "a rotated URL": (rotated("database-url"), OPEN_NO_CONNECTION),
    "a rotated secret of sessions": (
        rotated("nextauth-secret"),
        "every user is signed out by `ops redeploy --apply`",
    ),
    "a hidden window": (
        change(
            "aws_db_instance",
            {"iops": 1, "maintenance_window": "hidden"},
            {"iops": 2, "maintenance_window": "hidden"},
            after_sensitive={"maintenance_window": True},
        ),
        "modified in the maintenance window, no downtime",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTICED)
def test_what_is_noticed(tmp_path: Path, name: str) -> None:
    wrong, says = NOTICED[name]
    first, *others = noticed(tmp_path, wrong, HARMLESS["an alarm"])
    assert first.startswith(f"- `{wrong['address']}`: {says}")
    assert not [line for line in others if line == NOTHING or line.startswith("- not known")]


UNKNOWN = {
    "a type that nobody knows": change("aws_ecs_capacity_provider", {"a": 1}, {"a": 2}),
    "an argument that nobody knows": change("aws_db_instance", {"vpc_security_group_ids": ["a"]}, {}),
    "a replaced security group": replaced("aws_security_group"),
    "less of a policy": change("aws_iam_role_policy", policy("s3:Get", "s3:Put"), policy("s3:Get")),
    "more that is denied": change("aws_iam_role_policy", policy("s3:Get"), policy("s3:Get", effect="Deny")),
    "a policy of another role": change("aws_iam_role_policy", policy("a", role="a"), policy("a", "b", role="b")),
    "a policy that is known later": change("aws_iam_role_policy", {"policy": "{}"}, {}, after_unknown={"policy": True}),
    "another secret": rotated("salt"),
    "another priority": change("aws_lb_listener_rule", {"priority": 1}, {"priority": 2}),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_nobody_knows_is_counted(tmp_path: Path, name: str) -> None:
    assert noticed(tmp_path, UNKNOWN[name]) == ["- not known for 1 change"]
    lines = noticed(tmp_path, UNKNOWN[name], replaced("aws_vpc_dhcp_options"), destroyed("aws_route"))
    assert lines[-1] == "- not known for 2 other changes"


def test_nothing_is_not_said_where_something_is_lost_or_left_out(tmp_path: Path) -> None:
    quiet = HARMLESS["tags"]
    assert noticed(tmp_path, quiet, services=plan()) == [NOTHING]
    assert noticed(tmp_path, quiet, services={"waits_for": ["data"]}) == []
    assert noticed(tmp_path, quiet, resource("aws_ebs_volume.one", "forget", {"a": 1})) == []
    images = ({"container_definitions": json.dumps([{"image": f"langfuse/langfuse:{n}.1.0"}])} for n in (3, 4))
    assert noticed(tmp_path, quiet, replaced("aws_ecs_task_definition", *images)) == []


def test_new_resources_need_no_line(tmp_path: Path) -> None:
    assert noticed(tmp_path, resource("aws_ecs_capacity_provider.one", "add", None, {"a": 1})) == []


def test_the_arguments_that_restart() -> None:
    """A literal list: one that is left out of the table would be told as no downtime, or not at all."""
    assert {type_: set(arguments) for type_, arguments in interruptions.RESTARTS.items()} == {
        "aws_db_instance": {
            "ca_cert_identifier",
            "db_subnet_group_name",
            "engine_version",
            "identifier",
            "instance_class",
            "port",
        },
        GROUP: {"engine", "engine_version", "node_type"},
        "aws_instance": {"instance_type", "user_data", "user_data_base64"},
    }


@pytest.mark.parametrize(
    ("type_", "argument"),
    [(type_, argument) for type_, arguments in interruptions.RESTARTS.items() for argument in arguments],
)
def test_each_argument_that_restarts_is_told(tmp_path: Path, type_: str, argument: str) -> None:
    first, *_ = noticed(tmp_path, change(type_, {argument: "a"}, {argument: "b"}))
    assert f"({argument})" in first
    assert argument not in harmless.ARGUMENTS.get(type_, ())


GONE = {
    "aws_appautoscaling_policy",
    "aws_appautoscaling_target",
    "aws_cloudfront_distribution",
    "aws_db_instance",
    "aws_ebs_volume",
    "aws_ecs_cluster",
    "aws_ecs_service",
    "aws_eip",
    "aws_elasticache_replication_group",
    "aws_iam_instance_profile",
    "aws_iam_role",
    "aws_instance",
    "aws_internet_gateway",
    "aws_lb",
    "aws_lb_listener",
    "aws_lb_target_group",
    "aws_nat_gateway",
    "aws_sesv2_email_identity",
    "aws_volume_attachment",
    "aws_vpc",
}
DESTROYED = GONE | {
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_kms_key",
    "aws_route",
    "aws_route_table_association",
    "aws_s3_bucket",
    "aws_s3_bucket_cors_configuration",
    "aws_secretsmanager_secret",
    "aws_secretsmanager_secret_version",
    "aws_vpc_endpoint",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
}


@pytest.mark.parametrize("type_", sorted(DESTROYED))
def test_what_serves_users_is_told_when_it_goes(tmp_path: Path, type_: str) -> None:
    assert noticed(tmp_path, destroyed(type_))[0].startswith(f"- `{type_}.one`: destroyed: ")
    if type_ in GONE:
        assert noticed(tmp_path, replaced(type_))[0].startswith(f"- `{type_}.one`: replaced: ")
