"""Requests that Elastic Load Balancing refuses."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import alb, s3

from local.emulator.rules.rule import Request, refuses
from settings.partition import partition_of

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html#attach-bucket-policy
LOG_DELIVERY_SERVICE = "logdelivery.elasticloadbalancing.amazonaws.com"
LOG_DELIVERY_ACCOUNTS = {"cn-north-1": "638102146993", "us-gov-west-1": "048591011584"}


def used_target_groups() -> set[str]:
    """The ARNs of the target groups that listeners and their rules forward to. A listener has a default rule."""
    return {action.get("TargetGroupArn") for rule in alb._rules.values() for action in rule["Actions"]} - {None}


@refuses("elbv2", "DeleteTargetGroup", code="ResourceInUse")
def target_group_in_use(request: Request) -> str | None:
    """The listeners that forward to it are deleted or changed first."""
    arn = request["TargetGroupArn"]
    used = arn in used_target_groups()
    return f"Target group '{arn}' is currently in use by a listener or a rule" if used else None


@refuses("elbv2", "DeleteLoadBalancer", code="OperationNotPermitted")
def protected_load_balancer(request: Request) -> str | None:
    """Its attribute for deletion protection is changed first."""
    arn = request["LoadBalancerArn"]
    attributes = {attribute["Key"]: attribute["Value"] for attribute in alb._lb_attrs.get(arn, [])}
    protected = attributes.get("deletion_protection.enabled") == "true"
    return f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled" if protected else None


@refuses("elbv2", "CreateListener", "ModifyListener", code="DuplicateListener")
def port_taken(request: Request) -> str | None:
    """A load balancer has one listener at each port."""
    changed = alb._listeners.get(request.get("ListenerArn"), {})
    arn = request.get("LoadBalancerArn") or changed.get("LoadBalancerArn")
    taken = any(
        (listener["LoadBalancerArn"], listener["Port"]) == (arn, request.get("Port"))
        for listener in alb._listeners.values()
        if listener is not changed
    )
    return f"A listener already exists on this port for this load balancer '{arn}'" if taken else None


@refuses("elbv2", "ModifyLoadBalancerAttributes", code="InvalidConfigurationRequest")
def unwritable_log_bucket(request: Request) -> str | None:
    """The bucket of access logs exists, has no KMS key, and allows Elastic Load Balancing to write them.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    changed = {attribute["Key"]: attribute.get("Value", "") for attribute in request["Attributes"]}
    if changed.get("access_logs.s3.enabled") != "true":
        return None
    bucket, prefix = changed.get("access_logs.s3.bucket", ""), changed.get("access_logs.s3.prefix")
    folder = f"{bucket}/{prefix}" if prefix else bucket
    log = f"arn:{partition_of(get_region())}:s3:::{folder}/AWSLogs/{get_account_id()}/ELBAccessLogTestFile"
    policy = json.loads(s3._bucket_policies.get(bucket) or "{}")
    allowed = any(_allows_logs(statement, log) for statement in policy.get("Statement", []))
    with_kms = "aws:kms" in str(s3._bucket_encryption.get(bucket))
    if bucket in s3._buckets and allowed and not with_kms:
        return None
    return f"Access Denied for bucket: {bucket}. Please check S3bucket permission"


def _allows_logs(statement: Mapping[str, Any], log: str) -> bool:
    account = LOG_DELIVERY_ACCOUNTS.get(get_region())
    writer = (
        {"AWS": f"arn:{partition_of(get_region())}:iam::{account}:root"}
        if account
        else {"Service": LOG_DELIVERY_SERVICE}
    )
    resources = statement.get("Resource", [])
    return (
        (statement["Effect"], statement.get("Principal")) == ("Allow", writer)
        and "s3:PutObject" in statement["Action"]
        and any(fnmatchcase(log, each) for each in ([resources] if isinstance(resources, str) else resources))
    )
