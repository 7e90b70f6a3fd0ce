"""Tests that AWS accepts every name that is made from the name of an environment, however long that may be."""

import lazy_bindings  # noqa: F401

import json
import re
from collections.abc import Iterator

import pytest
from cdktf import Testing as CdktfTesting

from settings import Settings
from stacks import add_stacks
from tests.environments import ACCESS, EDGE, SPLIT, load

LONGEST = "abcdefghijkl"
MAXIMUM = {
    ("aws_appautoscaling_policy", "name"): 256,
    ("aws_backup_plan", "name"): 50,
    ("aws_backup_selection", "name"): 50,
    ("aws_backup_vault", "name"): 50,
    ("aws_cloudfront_response_headers_policy", "name"): 128,
    ("aws_cloudwatch_dashboard", "dashboard_name"): 255,
    ("aws_cloudwatch_log_group", "name"): 512,
    ("aws_cloudwatch_log_metric_filter", "name"): 512,
    ("aws_cloudwatch_metric_alarm", "alarm_name"): 255,
    ("aws_cloudwatch_metric_alarm", "metric_name"): 255,
    ("aws_db_instance", "identifier"): 63,
    # Terraform adds eight characters of an id.
    ("aws_db_instance", "final_snapshot_identifier"): 255 - 8,
    ("aws_db_parameter_group", "name"): 255,
    ("aws_db_subnet_group", "name"): 255,
    ("aws_ecs_cluster", "name"): 255,
    ("aws_ecs_service", "name"): 255,
    ("aws_ecs_task_definition", "family"): 255,
    ("aws_elasticache_parameter_group", "name"): 255,
    ("aws_elasticache_replication_group", "replication_group_id"): 40,
    ("aws_elasticache_subnet_group", "name"): 255,
    ("aws_iam_instance_profile", "name"): 128,
    ("aws_iam_policy", "name"): 128,
    ("aws_iam_role", "name"): 64,
    ("aws_lb", "name"): 32,
    ("aws_lb_target_group", "name"): 32,
    ("aws_route53_zone", "name"): 255,
    # Terraform adds 26 characters; a bucket's name has 63.
    ("aws_s3_bucket", "bucket_prefix"): 37,
    ("aws_secretsmanager_secret", "name"): 512,
    ("aws_security_group", "name"): 255,
    ("aws_sns_topic", "name"): 256,
    ("aws_wafv2_web_acl", "name"): 128,
}
"""Characters that AWS takes, by its API reference."""
NOT_NAMES = {"comment", "alarm_description", "dashboard_body", "container_definitions", "resource_id"}


def named(settings: Settings) -> Iterator[tuple[tuple[str, str], str]]:
    """Yields the names that start with the prefix of the environment, with the type of resource and the attribute."""
    for stack in add_stacks(CdktfTesting.app(), settings):
        for type_, resources in json.loads(CdktfTesting.synth(stack, True)).get("resource", {}).items():
            for resource in resources.values():
                for attribute, value in resource.items():
                    if isinstance(value, str) and value.startswith("langfuse-") and attribute not in NOT_NAMES:
                        yield (type_, attribute), value.partition("${")[0]


@pytest.fixture(scope="module")
def names() -> list[tuple[tuple[str, str], str]]:
    """The names of an environment with a ClickHouse and every service, and of one with CloudFront."""
    chosen = [load("dev", SPLIT), load("prod", {**EDGE, **ACCESS})]
    return [name for settings in chosen for name in named(settings.model_copy(update={"name": LONGEST}))]


def test_no_name_is_too_long(names: list[tuple[tuple[str, str], str]]) -> None:
    assert [(where, name) for where, name in names if len(name) > MAXIMUM[where]] == []
    assert {where for where, _ in names} == set(MAXIMUM)


def test_every_name_has_the_form_that_the_strictest_service_takes(names: list[tuple[tuple[str, str], str]]) -> None:
    """RDS, ElastiCache and load balancers: letters and digits, with single hyphens between them."""
    paths = {"aws_secretsmanager_secret", "aws_route53_zone"}
    allowed = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
    wrong = [
        (where, name)
        for where, name in names
        if not re.fullmatch(allowed, re.sub(r"[/.]", "-", name) if where[0] in paths else name.removesuffix("-"))
    ]
    assert wrong == []
    assert all(not name.endswith("-") for where, name in names if not where[1].endswith(("_prefix", "_identifier")))
