"""Changes that users do not notice. What is not listed here, or told as an interruption, is not known."""

import re
from collections.abc import Mapping, Sequence

from ops.review.access_changes import only_allows_more
from ops.review.differences import Difference
from ops.review.plan_format import Change
from ops.review.references import SPLIT_SERVICE

ALWAYS = frozenset({"add", "change", "replace", "destroy", "forget"})
IN_PLACE = frozenset({"add", "change", "forget"})
REPLACED = frozenset({"add", "replace", "forget"})
NEW = frozenset({"add", "forget"})
KINDS: Mapping[str, frozenset[str]] = {
    "aws_backup_plan": ALWAYS,
    "aws_backup_selection": ALWAYS,
    "aws_backup_vault": ALWAYS,
    "aws_cloudwatch_dashboard": ALWAYS,
    "aws_cloudwatch_log_metric_filter": ALWAYS,
    "aws_cloudwatch_metric_alarm": ALWAYS,
    "aws_db_subnet_group": NEW,
    "aws_ecs_task_definition": ALWAYS,  # What it means, the change of the service says.
    "aws_flow_log": ALWAYS,
    # web serves the paths while there is none; what a change of it means is told.
    "aws_lb_listener_rule": REPLACED | {"destroy"},
    "aws_s3_bucket_lifecycle_configuration": ALWAYS,
    "aws_sns_topic": ALWAYS,
    "aws_sns_topic_policy": ALWAYS,
    "aws_sns_topic_subscription": ALWAYS,
    "terraform_data": ALWAYS,
    "aws_db_parameter_group": REPLACED,  # What it means, the change of the database says.
    "aws_elasticache_parameter_group": REPLACED,
    "aws_appautoscaling_policy": IN_PLACE,
    "aws_appautoscaling_target": IN_PLACE,
    "aws_cloudwatch_log_group": IN_PLACE,
    "aws_s3_bucket_versioning": IN_PLACE,
    "aws_ebs_volume": NEW,
    "aws_ecs_cluster_capacity_providers": ALWAYS,  # AWS keeps one that a service uses.
    "aws_eip": NEW,
    "aws_iam_instance_profile": NEW,
    "aws_iam_openid_connect_provider": NEW,
    "aws_iam_policy": NEW,
    "aws_iam_role": NEW,
    "aws_iam_role_policy_attachment": NEW,
    "aws_nat_gateway": NEW,
    "aws_route53_record": NEW,
    "aws_route_table": NEW,
    "aws_s3_bucket": NEW,
    "aws_secretsmanager_secret": NEW,
    "aws_secretsmanager_secret_version": NEW,
    "aws_security_group": NEW,
    "aws_subnet": NEW,
    "aws_vpc_security_group_egress_rule": NEW,
    "aws_vpc_security_group_ingress_rule": NEW,
}
"""The kinds of changes, by type of resource, that users do not notice."""
TAGS = {"tags", "tags_all"}
ARGUMENTS: Mapping[str, frozenset[str]] = {
    "aws_db_instance": frozenset(
        {
            "allocated_storage",
            "apply_immediately",
            "auto_minor_version_upgrade",
            "backup_retention_period",
            "backup_window",
            "copy_tags_to_snapshot",
            "delete_automated_backups",
            "deletion_protection",
            "enabled_cloudwatch_logs_exports",
            "final_snapshot_identifier",
            "iops",
            "maintenance_window",
            "max_allocated_storage",
            "multi_az",
            "performance_insights_enabled",
            "skip_final_snapshot",
            "storage_throughput",
        }
    ),
    "aws_ebs_volume": frozenset({"final_snapshot", "iops", "size", "throughput"}),
    # Container Insights, and nothing else.
    "aws_ecs_cluster": frozenset({"setting"}),
    "aws_elasticache_replication_group": frozenset(
        {
            "apply_immediately",
            "auto_minor_version_upgrade",
            "automatic_failover_enabled",
            "description",
            "final_snapshot_identifier",
            "maintenance_window",
            "multi_az_enabled",
            "num_cache_clusters",
            "snapshot_retention_limit",
            "snapshot_window",
        }
    ),
    "aws_lb": frozenset({"access_logs", "enable_deletion_protection", "idle_timeout"}),
    "aws_lb_listener": frozenset({"routing_http_response_strict_transport_security_header_value"}),
    "aws_route53_zone": frozenset({"comment", "force_destroy"}),
    "aws_s3_bucket": frozenset({"force_destroy"}),
    "aws_secretsmanager_secret": frozenset({"description", "recovery_window_in_days"}),
    "aws_vpc_security_group_egress_rule": frozenset({"description"}),
    "aws_vpc_security_group_ingress_rule": frozenset({"description"}),
}
"""The arguments, by type of resource, whose change in place users do not notice. Tags are so everywhere."""

OWN_BOUNDARY = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:policy/langfuse-[a-z0-9-]+-boundary")
"""The permissions boundary that the stack ``access`` makes, which allows what the roles of the others need."""


def is_harmless(change: Change, changed: Sequence[Difference]) -> bool:
    """Whether users do not notice the change.

    Args:
        change: the change.
        changed: the arguments that it changes.
    """
    names = {difference.argument.partition(".")[0] for difference in changed} - TAGS
    only_known = change.kind == "change" and names <= ARGUMENTS.get(change.type, frozenset())
    bounded = change.kind == "change" and change.type == "aws_iam_role" and names == {"permissions_boundary"}
    split_is_gone = change.kind == "destroy" and SPLIT_SERVICE.fullmatch(change.address) is not None
    return (
        only_known
        or (bounded and _allows_what_is_needed(change))
        or split_is_gone
        or change.kind in KINDS.get(change.type, ())
        or only_allows_more(change)
    )


def _allows_what_is_needed(change: Change) -> bool:
    """Whether the permissions boundary of a role denies nothing that it needs. Another's boundary may."""
    boundary = change.after.get("permissions_boundary")
    return not change.unknown.get("permissions_boundary") and (
        not boundary or OWN_BOUNDARY.fullmatch(boundary) is not None
    )
