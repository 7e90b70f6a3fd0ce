"""Requests that Application Auto Scaling refuses. Its documentation has no messages: most of them are paraphrased."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ministack.services import alb, ecs

from local.emulator.application_autoscaling import REGISTERED, identity
from local.emulator.rules.rule import Request, refuses

CONFIGURATIONS = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
}
REQUESTS = "ALBRequestCountPerTarget"
RESOURCE_LABEL = re.compile(r"(app/[^/]+/[0-9a-z]+)/(targetgroup/[^/]+/[0-9a-z]+)")
METRIC_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
MOST_METRICS = 10


@refuses("application-autoscaling", "RegisterScalableTarget", code="ValidationException")
def service_absent(request: Request) -> str | None:
    """See https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html."""
    service = _service(request)
    if service is None or service["status"] != "ACTIVE":
        return f"ECS service doesn't exist: {request['ResourceId']}"
    return None


@refuses("application-autoscaling", "RegisterScalableTarget", code="ValidationException")
def capacities(request: Request) -> str | None:
    """A new target needs both, and the minimum is at most the maximum."""
    known = REGISTERED.targets.get(identity(request), {})
    least, most = (request.get(name, known.get(name)) for name in ("MinCapacity", "MaxCapacity"))
    if least is None or most is None:
        return "MinCapacity and MaxCapacity must both be specified to register a scalable target"
    return "Maximum capacity cannot be less than minimum capacity" if least > most else None


@refuses("application-autoscaling", "PutScalingPolicy", code="ObjectNotFoundException")
def target_absent(request: Request) -> str | None:
    """See https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html."""
    namespace, resource, dimension = identity(request)
    return (
        None
        if identity(request) in REGISTERED.targets
        else f"No scalable target registered for service namespace: {namespace}, resource ID: {resource}, scalable "
        f"dimension: {dimension}"
    )


@refuses("application-autoscaling", "PutScalingPolicy", code="ValidationException")
def configuration_of_another_type(request: Request) -> str | None:
    """A policy has the configuration of its type, and no other."""
    needed = CONFIGURATIONS.get(request.get("PolicyType", ""))
    given = [name for name in CONFIGURATIONS.values() if name in request]
    return None if needed is None or given == [needed] else f"A policy of this type needs {needed}, and only that"


@refuses("application-autoscaling", "PutScalingPolicy", code="ValidationException")
def metric_of_a_policy(request: Request) -> str | None:
    """A target tracking policy follows one metric, and no other policy of the target follows the same.

    https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
    """
    metric = _metric(request)
    if metric is None:
        return None
    if len(metric) != 1:
        return "A PredefinedMetricSpecification or a CustomizedMetricSpecification must be specified, and only one"
    others = (policy for key, policy in REGISTERED.policies.items() if key[:-1] == identity(request))
    if any(_metric(policy) == metric for policy in others if policy["PolicyName"] != request["PolicyName"]):
        return "Only one TargetTrackingScaling policy for a given metric specification is allowed."
    return None


@refuses("application-autoscaling", "PutScalingPolicy", code="ValidationException")
def resource_label(request: Request) -> str | None:
    """It names the load balancer and the target group of the service, for the number of requests, and only for that.

    See https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html.
    """
    predefined = (_metric(request) or {}).get("PredefinedMetricSpecification")
    if predefined is None:
        return None
    label = predefined.get("ResourceLabel")
    if predefined["PredefinedMetricType"] != REQUESTS:
        return f"ResourceLabel can only be specified for {REQUESTS}" if label else None
    parts = RESOURCE_LABEL.fullmatch(label or "")
    if not parts:
        return f"{REQUESTS} needs a ResourceLabel such as app/<name>/<id>/targetgroup/<name>/<id>, and not {label}"
    balancer, targets = parts.groups()
    of_service = [each.get("targetGroupArn", "") for each in (_service(request) or {}).get("loadBalancers", ())]
    if not any(arn.endswith(f":{targets}") for arn in of_service):
        return f"{request['ResourceId']} is not registered with the target group {targets}"
    if not any(arn.endswith(f":loadbalancer/{balancer}") for arn in _balancers(targets)):
        return f"The target group {targets} is not attached to the load balancer {balancer}"
    return None


@refuses("application-autoscaling", "PutScalingPolicy", code="ValidationException")
def metric_math(request: Request) -> str | None:
    """Each query is a metric or an expression, of which one is returned; an alarm takes ten metrics.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingMetricDataQuery.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    """
    customized = (_metric(request) or {}).get("CustomizedMetricSpecification")
    queries: Sequence[Mapping[str, Any]] = (customized or {}).get("Metrics", ())
    if not queries:
        return None
    ids = [query["Id"] for query in queries]
    expressions = [query["Expression"] for query in queries if "Expression" in query]
    used = {name for expression in expressions for name in re.findall(r"\b[a-z]\w*", expression)}
    problems = {
        f"{ids}: the ids must be unique": len(set(ids)) < len(ids),
        f"{ids}: an id is letters, digits and underscores after a lower-case letter": not all(
            map(METRIC_ID.fullmatch, ids)
        ),
        "Each query needs Expression or MetricStat, and only one": any(
            ("Expression" in query) == ("MetricStat" in query) for query in queries
        ),
        "Exactly one query must return data": sum(query.get("ReturnData", True) for query in queries) != 1,
        f"The expressions use {used - set(ids)}, which no query is": not used <= set(ids),
        f"An alarm can have {MOST_METRICS} metrics at most": len(queries) - len(expressions) > MOST_METRICS,
    }
    return next((message for message, applies in problems.items() if applies), None)


@refuses("application-autoscaling", "PutScalingPolicy", code="ValidationException")
def step_adjustments(request: Request) -> str | None:
    """Their ranges follow each other, from or to the threshold, and end in infinity where they go beyond it.

    https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
    """
    configuration = request.get("StepScalingPolicyConfiguration")
    if configuration is None:
        return None
    steps = configuration.get("StepAdjustments", [])
    if not steps or "AdjustmentType" not in configuration:
        return "AdjustmentType and at least one step adjustment are required"
    bounds = [(step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")) for step in steps]
    lower, upper = [low for low, _ in bounds], [high for _, high in bounds]
    if (None, None) in bounds:
        return "The lower and the upper bound can't both be null in the same step adjustment"
    if lower.count(None) > 1 or upper.count(None) > 1:
        return "At most one step adjustment can have a null lower bound, and one a null upper bound"
    if any(low is not None and low < 0 for low in lower) and None not in lower:
        return "If one step adjustment has a negative lower bound, one must have a null lower bound"
    if any(high is not None and high > 0 for high in upper) and None not in upper:
        return "If one step adjustment has a positive upper bound, one must have a null upper bound"
    infinity = float("inf")
    ranges = sorted((-infinity if low is None else low, infinity if high is None else high) for low, high in bounds)
    follow = all(first[1] == second[0] for first, second in itertools.pairwise(ranges))
    if not follow or any(low >= high for low, high in ranges):
        return "The ranges of the step adjustments can't overlap or have a gap"
    if configuration["AdjustmentType"] == "ExactCapacity" and any(step["ScalingAdjustment"] < 0 for step in steps):
        return "An exact capacity can't be negative"
    return None


def _metric(policy: Request) -> dict[str, Any] | None:
    """What a target tracking policy follows: the specification of its metric, by its name."""
    configuration = policy.get("TargetTrackingScalingPolicyConfiguration")
    if configuration is None:
        return None
    return {name: value for name, value in configuration.items() if name.endswith("MetricSpecification")}


def _service(request: Request) -> dict[str, Any] | None:
    service: dict[str, Any] | None = ecs._services.get(request["ResourceId"].removeprefix("service/"))
    return service


def _balancers(targets: str) -> Iterator[str]:
    """The load balancers whose listeners forward to a target group."""
    for rule in alb._rules.values():
        if any(action.get("TargetGroupArn", "").endswith(f":{targets}") for action in rule["Actions"]):
            yield alb._listeners[rule["ListenerArn"]]["LoadBalancerArn"]
