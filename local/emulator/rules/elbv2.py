"""Requests that Elastic Load Balancing refuses."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import alb, ec2, s3

from local.emulator.ipv6 import ipv6_block
from local.emulator.rules.rule import Request, refuses
from settings.partition import partition_of

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html#attach-bucket-policy
VALUES_PER_RULE = 5
WILDCARDS_PER_RULE = 5
LONGEST_PATTERN = 128
RULES_PER_LOAD_BALANCER = 100
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"""
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


@refuses("elbv2", "CreateRule", code="PriorityInUse")
def priority_taken(request: Request) -> str | None:
    """A listener has one rule of each priority."""
    taken = any(
        (rule["ListenerArn"], str(rule["Priority"])) == (request["ListenerArn"], str(request["Priority"]))
        for rule in alb._rules.values()
    )
    return f"Priority '{request['Priority']}' is currently in use" if taken else None


@refuses("elbv2", "CreateRule", code="TooManyRules")
def too_many_rules(request: Request) -> str | None:
    """The default rules of a load balancer's listeners do not count."""
    balancer = alb._listeners.get(request["ListenerArn"], {}).get("LoadBalancerArn")
    listeners = {arn for arn, listener in alb._listeners.items() if listener["LoadBalancerArn"] == balancer}
    rules = [rule for rule in alb._rules.values() if rule["ListenerArn"] in listeners and not rule["IsDefault"]]
    return (
        "The maximum number of rules on the load balancer has been reached"
        if (len(rules) >= RULES_PER_LOAD_BALANCER)
        else None
    )


@refuses("elbv2", "CreateRule", "ModifyRule", code="ValidationError")
def too_much_in_a_rule(request: Request) -> str | None:
    """A rule has few values and wildcards, and no long path patterns. The message on values: aws/aws-cdk#10065."""
    values = [(each.get("Field"), value) for each in request.get("Conditions", ()) for value in _values(each)]
    if len(values) > VALUES_PER_RULE:
        return f"A rule can only have '{VALUES_PER_RULE}' condition values"
    if sum(value.count("*") + value.count("?") for _, value in values) > WILDCARDS_PER_RULE:
        return f"A rule can only have '{WILDCARDS_PER_RULE}' wildcards"
    too_long = [value for field, value in values if field == "path-pattern" and len(value) > LONGEST_PATTERN]
    return f"The path pattern '{too_long[0]}' is longer than {LONGEST_PATTERN} characters" if too_long else None


def _values(condition: Mapping[str, Any]) -> list[str]:
    """A condition's values, which are in a structure of its kind, or in the older ``Values``."""
    structures = [value for key, value in condition.items() if key.endswith("Config")]
    return [str(value) for structure in structures for value in structure.get("Values", ())] or [
        str(value) for value in condition.get("Values", ())
    ]


@refuses("elbv2", "CreateLoadBalancer", "SetIpAddressType", "SetSubnets", code="ValidationError")
def dualstack_without_ipv6(request: Request) -> str | None:
    """A load balancer with IPv6 addresses is in subnets with IPv6 blocks.

    See kubernetes-sigs/aws-load-balancer-controller#4865.
    """
    current = alb._lbs.get(request.get("LoadBalancerArn"), {})
    type_ = request.get("IpAddressType") or current.get("IpAddressType")
    subnets = request.get("Subnets") or current.get("Subnets", [])
    lacking = type_ == "dualstack" and not all(ipv6_block(ec2._subnets.get(id_, {})) for id_ in subnets)
    return "You must specify subnets with an associated IPv6 CIDR block." if lacking else None


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
