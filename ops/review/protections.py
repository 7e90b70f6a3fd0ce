"""What protects less after a plan: deletion protection, backups, encryption, alarms and the like."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ops.review.differences import Difference
from ops.review.plan_format import Change
from ops.review.text import code

ON = {True, "true", "1", "Enabled", "ENABLED", "enabled", "required"}
Weaker = Callable[[Any, Any], bool]
"""Whether the value after the change protects less than the one before."""


def off(before: object, after: object) -> bool:
    """It protects while it is on."""
    return _is_on(before) and not _is_on(after)


def on(before: object, after: object) -> bool:
    """It protects while it is off."""
    return _is_on(after) and not _is_on(before)


def fewer(before: object, after: object) -> bool:
    """The more the better. What is no number counts as fewer."""
    return not (_is_number(before) and _is_number(after)) or _number(after) < _number(before)


def sooner(before: object, after: object) -> bool:
    """The longer the better, and 0 is forever."""
    return fewer(before, after) if _number(before) and _number(after) else bool(_number(after))


def gone(before: object, after: object) -> bool:
    """The fewer of those that were there are left, the worse."""
    if isinstance(before, list) and isinstance(after, list):
        return len(after) < len(before) or not _names(before) <= _names(after)
    return bool(before) and not after


def expires(before: object, after: object) -> bool:
    """It protects while nothing says after how many days an object is deleted."""
    return not before and isinstance(after, list) and any(map(_has_days, after))


def with_expiry(before: object, after: object) -> bool:
    """A rule is added that deletes objects."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return False
    added = [rule for rule in after if isinstance(rule, dict) and rule not in before]
    return any(expires(None, rule.get(key)) for rule in added for key in EXPIRES)


def in_clear(before: object, after: object) -> bool:
    """It protects while the protocol is one with TLS."""
    return after in ("HTTP", "TCP", "allow-all") and before != after


def without_kms(before: object, after: object) -> bool:
    """A KMS key protects better than a key that S3 manages."""
    return str(before).startswith("aws:kms") and not str(after).startswith("aws:kms")


def older_tls(before: object, after: object) -> bool:
    """It allows older versions of TLS, or weaker ciphers. What is unknown counts as older.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
    """
    return _tls(str(after)) < _tls(str(before)) or _tls(str(after)) == ()


EXPIRES = ("expiration", "noncurrent_version_expiration")
"""The blocks of a lifecycle rule of S3 that delete objects."""
CLUSTER: Sequence[tuple[str, Weaker, str]] = (
    ("deletion_protection", off, "deletion protection"),
    ("storage_encrypted", off, "encryption"),
    ("backup_retention_period", fewer, "days of backups"),
    ("skip_final_snapshot", on, "skip the final snapshot"),
    ("delete_automated_backups", on, "delete the backups with the instance"),
    ("enabled_cloudwatch_logs_exports", gone, "exported logs"),
)
TABLE: dict[str, Sequence[tuple[str, Weaker, str]]] = {
    "aws_backup_plan": (("rule.lifecycle.delete_after", sooner, "days of backups"), ("rule", gone, "rules")),
    "aws_backup_vault": (("force_destroy", on, "destroy with the backups in it"),),
    "aws_cloudfront_distribution": (
        ("viewer_certificate.minimum_protocol_version", older_tls, "TLS policy"),
        ("default_cache_behavior.viewer_protocol_policy", in_clear, "protocol"),
        ("web_acl_id", gone, "web ACL"),
    ),
    "aws_cloudwatch_log_group": (
        ("retention_in_days", sooner, "days of logs"),
        ("kms_key_id", gone, "KMS key"),
        ("skip_destroy", off, "kept after a destroy"),
    ),
    "aws_cloudwatch_metric_alarm": (
        ("alarm_actions", gone, "actions"),
        ("insufficient_data_actions", gone, "actions without data"),
        ("actions_enabled", off, "actions"),
    ),
    "aws_db_instance": (
        *CLUSTER,
        ("auto_minor_version_upgrade", off, "minor upgrades"),
        ("multi_az", off, "Multi-AZ"),
        ("publicly_accessible", on, "public access"),
    ),
    "aws_rds_cluster": CLUSTER,
    "aws_db_parameter_group": (
        ("parameter", gone, "parameters, such as rds.force_ssl"),
        ("parameter.value", off, "a parameter, such as rds.force_ssl"),
    ),
    "aws_dynamodb_table": (
        ("deletion_protection_enabled", off, "deletion protection"),
        ("point_in_time_recovery.enabled", off, "point-in-time recovery"),
    ),
    "aws_ebs_volume": (("final_snapshot", off, "final snapshot"), ("encrypted", off, "encryption")),
    "aws_ecs_service": (
        ("deployment_circuit_breaker.enable", off, "circuit breaker"),
        ("deployment_circuit_breaker.rollback", off, "rollback of a failed deployment"),
        ("deployment_minimum_healthy_percent", fewer, "percent of healthy tasks during a deployment"),
        ("enable_execute_command", on, "commands in the containers"),
        ("network_configuration.assign_public_ip", on, "public access"),
    ),
    "aws_elasticache_replication_group": (
        ("at_rest_encryption_enabled", off, "encryption"),
        ("automatic_failover_enabled", off, "failover"),
        ("final_snapshot_identifier", gone, "final snapshot"),
        ("multi_az_enabled", off, "Multi-AZ"),
        ("num_cache_clusters", fewer, "nodes"),
        ("snapshot_retention_limit", fewer, "days of backups"),
        ("transit_encryption_enabled", off, "TLS"),
        ("transit_encryption_mode", off, "TLS"),
    ),
    "aws_iam_role": (("permissions_boundary", gone, "permissions boundary"),),
    "aws_instance": (
        ("disable_api_termination", off, "termination protection"),
        ("metadata_options.http_tokens", off, "tokens of the metadata service"),
        ("root_block_device.encrypted", off, "encryption"),
    ),
    "aws_kms_key": (
        ("deletion_window_in_days", fewer, "days until it is deleted"),
        ("enable_key_rotation", off, "rotation"),
        ("is_enabled", off, "key"),
    ),
    "aws_lb": (
        ("access_logs.enabled", off, "access logs"),
        ("drop_invalid_header_fields", off, "drop invalid headers"),
        ("enable_deletion_protection", off, "deletion protection"),
        ("internal", off, "internal only"),
    ),
    "aws_lb_listener": (
        ("certificate_arn", gone, "certificate"),
        ("protocol", in_clear, "protocol"),
        ("routing_http_response_strict_transport_security_header_value", gone, "HSTS"),
        ("ssl_policy", older_tls, "TLS policy"),
    ),
    "aws_s3_bucket": (("force_destroy", on, "destroy with the objects in it"),),
    "aws_s3_bucket_lifecycle_configuration": (
        ("rule", with_expiry, "a rule deletes objects"),
        ("rule.expiration", expires, "objects expire"),
        ("rule.noncurrent_version_expiration", expires, "deleted objects expire"),
        ("rule.expiration.days", sooner, "days of objects"),
        ("rule.noncurrent_version_expiration.noncurrent_days", sooner, "days of deleted objects"),
    ),
    "aws_s3_bucket_public_access_block": tuple(
        (argument, off, argument.replace("_", " "))
        for argument in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    ),
    "aws_s3_bucket_server_side_encryption_configuration": (
        ("rule.apply_server_side_encryption_by_default.kms_master_key_id", gone, "KMS key"),
        ("rule.apply_server_side_encryption_by_default.sse_algorithm", without_kms, "encryption"),
        ("rule", gone, "encryption"),
    ),
    "aws_s3_bucket_versioning": (("versioning_configuration.status", off, "versioning"),),
    "aws_secretsmanager_secret": (
        ("kms_key_id", gone, "KMS key"),
        ("recovery_window_in_days", fewer, "days to recover a deleted secret"),
    ),
    "aws_subnet": (("map_public_ip_on_launch", on, "public access"),),
}
"""The arguments that protect, by type of resource: the argument, which change is for the worse, and what it is."""
REMOVED = {
    "aws_backup_plan": "backups",
    "aws_backup_selection": "backups",
    "aws_backup_vault_lock_configuration": "lock of the backups",
    "aws_cloudwatch_log_group": "logs",
    "aws_cloudwatch_metric_alarm": "alarm",
    "aws_flow_log": "flow logs",
    "aws_s3_bucket_lifecycle_configuration": "lifecycle rules",
    "aws_s3_bucket_object_lock_configuration": "object lock",
    "aws_s3_bucket_policy": "policy of the bucket",
    "aws_s3_bucket_public_access_block": "block of public access",
    "aws_s3_bucket_server_side_encryption_configuration": "encryption",
    "aws_s3_bucket_versioning": "versioning",
    "aws_sns_topic": "topic of the alarms",
    "aws_sns_topic_policy": "policy of the topic",
    "aws_sns_topic_subscription": "subscription to the alarms",
    "aws_wafv2_web_acl_association": "web ACL",
}
"""What protects by being there, by type of resource."""
EMPTIED = {"aws_cloudwatch_log_group"}
"""Those that are empty after a replacement."""


def loosened(change: Change, changed: Sequence[Difference]) -> Iterator[str]:
    """A line for each protection that is weaker after the change, with its values before and after it.

    Args:
        change: the change.
        changed: the arguments that it changes.
    """
    lost = change.kind in ("destroy", "forget") or (change.kind == "replace" and change.type in EMPTIED)
    if lost and change.type in REMOVED:
        yield f"- {code(change.address)}: {REMOVED[change.type]} → none"
    for argument, weaker, words in TABLE.get(change.type, ()):
        for difference in changed:
            known = difference.known and difference.argument == argument
            if known and weaker(difference.before, difference.after):
                yield f"- {code(change.address)}: {words} {difference.values}".rstrip()


def _names(parts: Sequence[Any]) -> set[str]:
    return {str(part["name"]) for part in parts if isinstance(part, dict) and "name" in part}


def _has_days(block: object) -> bool:
    return isinstance(block, dict) and any(block.get(key) for key in ("days", "noncurrent_days", "date"))


def _is_on(value: object) -> bool:
    return isinstance(value, str | bool) and value in ON


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0


def _tls(policy: str) -> tuple[int, ...]:
    """The least version of TLS, then the greatest, and how strict the ciphers are; empty if the name is unknown."""
    if cloudfront := re.fullmatch(r"TLSv1(?:[._]([0-9]))?(?:_([0-9]{4}))?", policy):
        return int(cloudfront[1] or 0), int(cloudfront[2] or 0)
    if policy == "SSLv3":
        return (-1, 0)
    if balancer := re.match(r"ELBSecurityPolicy-TLS13-1-([0-3])(-Res|-Ext)?", policy):
        return int(balancer[1]), 3, {"-Res": 2, None: 1, "-Ext": 0}[balancer[2]]
    if balancer := re.match(r"ELBSecurityPolicy-(?:FS|TLS)-1-([0-2])", policy):
        return int(balancer[1]), 2, 1
    return (0, 2, 1) if re.match(r"ELBSecurityPolicy-(?:FS-)?20[0-9]{2}-[0-9]{2}", policy) else ()
