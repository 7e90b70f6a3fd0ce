"""Tests that no type is left out of the tables of ``ops plan-review``."""

import re
from pathlib import Path

from ops.review import losses, protections, references
from tests.environments import ACCESS, EC2, EDGE, EXTERNAL, MAIL, OWN_KEY, SPLIT
from tests.synthesis import app

HOLDS_DATA = {
    "aws_backup_vault",
    "aws_db_instance",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_kms_key",
    "aws_rds_cluster",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_secretsmanager_secret_version",
}
FOUNDATIONS = {
    "aws_db_subnet_group",
    "aws_elasticache_subnet_group",
    "aws_route53_zone",
    "aws_service_discovery_private_dns_namespace",
    "aws_subnet",
    "aws_vpc",
}
MADE_AGAIN = {
    "aws_acm_certificate",
    "aws_acm_certificate_validation",
    "aws_appautoscaling_policy",
    "aws_appautoscaling_target",
    "aws_backup_plan",
    "aws_backup_selection",
    "aws_cloudfront_distribution",
    "aws_cloudfront_response_headers_policy",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_log_group",  # Told as a protection that goes, with its logs.
    "aws_cloudwatch_log_metric_filter",
    "aws_cloudwatch_metric_alarm",
    "aws_db_parameter_group",
    "aws_default_security_group",
    "aws_ecs_cluster",
    "aws_ecs_cluster_capacity_providers",
    "aws_ecs_service",
    "aws_ecs_task_definition",
    "aws_eip",
    "aws_elasticache_parameter_group",
    "aws_flow_log",
    "aws_iam_instance_profile",
    "aws_iam_openid_connect_provider",
    "aws_iam_policy",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_instance",
    "aws_internet_gateway",
    "aws_kms_alias",
    "aws_lb",
    "aws_lb_listener",
    "aws_lb_listener_rule",
    "aws_lb_target_group",
    "aws_nat_gateway",
    "aws_route",
    "aws_route53_record",
    "aws_route_table",
    "aws_route_table_association",
    "aws_s3_bucket_cors_configuration",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_security_group",
    "aws_sesv2_email_identity",
    "aws_sns_topic",
    "aws_sns_topic_subscription",
    "aws_volume_attachment",
    "aws_vpc_endpoint",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_wafv2_web_acl",
    "aws_wafv2_web_acl_association",
    "terraform_data",
}
"""Types of the stacks that hold no data, and that data does not depend on wherever they are."""
DEPLOYED: list[tuple[str, dict[str, str]]] = [
    ("dev", {}),
    ("prod", {}),
    ("dev", EXTERNAL),
    ("prod", EC2),
    ("dev", EDGE),
    ("dev", SPLIT),
    ("dev", {"LANGFUSE_AWS__INGRESS__WAF": "true"}),
    (
        "dev",
        {
            "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
            "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
        },
    ),
    ("dev", {"LANGFUSE_AWS__ALARMS__EMAIL": "ops@example.com"}),
    ("dev", OWN_KEY),
    ("dev", MAIL),
    ("dev", ACCESS),
    ("trial", {}),
]


def test_every_type_of_the_stacks_is_classified() -> None:
    """A new type is put into one of the tables, or into the list of those that are made again, by whoever adds it."""
    types = {
        type_
        for environment, overrides in DEPLOYED
        for stack in app(environment, overrides).values()
        for type_ in stack.json.get("resource", {})
    }
    classes = (references.HOLDS_DATA, losses.FOUNDATIONS, MADE_AGAIN)
    assert {type_: count for type_ in types if (count := sum(type_ in group for group in classes)) != 1} == {}
    assert MADE_AGAIN - types == set()


def test_what_is_lost() -> None:
    """Literal lists, so that a type that is left out of the tables is noticed."""
    assert references.HOLDS_DATA == HOLDS_DATA
    assert losses.FOUNDATIONS == FOUNDATIONS


PROTECTS = {
    "aws_backup_plan": 2,
    "aws_backup_vault": 1,
    "aws_cloudfront_distribution": 3,
    "aws_cloudwatch_log_group": 3,
    "aws_cloudwatch_metric_alarm": 3,
    "aws_db_instance": 9,
    "aws_db_parameter_group": 2,
    "aws_dynamodb_table": 2,
    "aws_ebs_volume": 2,
    "aws_ecs_service": 5,
    "aws_elasticache_replication_group": 8,
    "aws_iam_role": 1,
    "aws_instance": 3,
    "aws_kms_key": 3,
    "aws_lb": 4,
    "aws_lb_listener": 4,
    "aws_rds_cluster": 6,
    "aws_s3_bucket": 1,
    "aws_s3_bucket_lifecycle_configuration": 5,
    "aws_s3_bucket_public_access_block": 4,
    "aws_s3_bucket_server_side_encryption_configuration": 3,
    "aws_s3_bucket_versioning": 1,
    "aws_secretsmanager_secret": 2,
    "aws_subnet": 1,
}
"""The number of arguments that protect, by type."""
PROTECTS_BY_BEING_THERE = {
    "aws_backup_plan",
    "aws_backup_selection",
    "aws_backup_vault_lock_configuration",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_metric_alarm",
    "aws_flow_log",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_object_lock_configuration",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_sns_topic",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
    "aws_wafv2_web_acl_association",
}


def test_what_protects() -> None:
    assert {type_: len(rows) for type_, rows in protections.TABLE.items()} == PROTECTS
    assert protections.REMOVED.keys() == PROTECTS_BY_BEING_THERE


SCALING = Path("docs/scaling.md")


def test_the_documentation_allows_what_a_switch_of_mode_drops() -> None:
    """The six secrets of ClickHouse get new values, and whatever else of it holds data, or data depends on, goes."""
    before, after = (set(app("dev", mode)["data"].addresses()) for mode in (EC2, EXTERNAL))
    lost = HOLDS_DATA | FOUNDATIONS
    dropped = {address for address in before - after if address.partition(".")[0] in lost}
    renewed = {address for address in after if address.startswith("aws_secretsmanager_secret_version.clickhouse_")}
    assert set(re.findall(r"--allow (\S+)", SCALING.read_text())) == dropped | renewed
