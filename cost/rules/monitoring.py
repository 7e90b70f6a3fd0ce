"""CloudWatch: metrics, alarms, the dashboard and logs."""

from collections.abc import Iterator

from cost import HOURS_A_MONTH
from cost.item import Item
from cost.resources import Resource, Resources
from cost.rules.tasks import tasks_of
from cost.usage import Usage

PART = "monitoring"
PUBLISHES = {"name": "ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING", "value": "true"}
LANGFUSE_METRICS = 200
"""Estimate: 164 of the queues, and some of what happens; docs/shapes.md#monitoring counts them."""
REQUESTS_A_MINUTE = 2
"""From each task that publishes."""
INSIGHTS_METRICS = 12
"""Estimate: of the cluster, and of each service and task definition, 10 to 15 metrics:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html"""
DAYS_A_MONTH = 30


def published_metrics(resource: Resource, resources: Resources, _: Usage) -> Iterator[Item]:
    """Langfuse's own metrics, which have the same names in every task, and the requests that publish them."""
    if not _publishes(resource):
        return
    publishing = [other for other in resources.of(resource.type, resource.stack) if _publishes(other)]
    yield Item(PART, "Langfuse's metrics", LANGFUSE_METRICS / len(publishing), "cloudwatch-metric")
    family = resource.text("family")
    services = [item for item in resources.of("aws_ecs_service", resource.stack) if item.text("name") == family]
    tasks = sum(tasks_of(service, resources) for service in services)
    requests = tasks * REQUESTS_A_MINUTE * 60 * HOURS_A_MONTH / 1_000
    yield Item(PART, "requests that publish metrics", requests, "cloudwatch-1k-requests")


def container_insights(resource: Resource, resources: Resources, _: Usage) -> Iterator[Item]:
    """The metrics of Container Insights, if the cluster has it on."""
    if any(
        setting.get("name") == "containerInsights" and setting.get("value") in ("enabled", "enhanced")
        for setting in resource.blocks("setting")
    ):
        services = len(resources.of("aws_ecs_service", resource.stack))
        metrics = INSIGHTS_METRICS * (1 + 2 * services)
        yield Item(PART, "metrics of Container Insights", metrics, "cloudwatch-metric")


def alarm(resource: Resource, _: Resources, __: Usage) -> Iterator[Item]:
    """An alarm on a metric, or on each of the metrics of an expression."""
    metrics = sum("metric" in query and bool(query["metric"]) for query in resource.blocks("metric_query"))
    yield Item(PART, "alarms", metrics or 1, "cloudwatch-alarm")


def scaling_alarms(resource: Resource, _: Resources, __: Usage) -> Iterator[Item]:
    """The two alarms that AWS makes of a target tracking policy, to add tasks and to remove some.

    They cost what others do, by the metrics that they reference:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_billing.html
    """
    if resource.text("policy_type", "StepScaling") != "TargetTrackingScaling":
        return
    tracking = resource.inner("target_tracking_scaling_policy_configuration")
    queries = tracking.inner("customized_metric_specification").blocks("metrics")
    metrics = sum(bool(query.get("metric_stat")) for query in queries)
    yield Item(PART, "alarms of the autoscaling", 2 * (metrics or 1), "cloudwatch-alarm")


def dashboard(_: Resource, __: Resources, ___: Usage) -> Iterator[Item]:
    """A dashboard."""
    yield Item(PART, "dashboard", 1, "cloudwatch-dashboard")


def logs(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """The lines of a month, and those of the months that are kept."""
    lines = resources.share(resource, usage.log_gb)
    yield Item(PART, "logs", lines, "log-gb", ("log_gb",))
    kept = lines * resource.number("retention_in_days", DAYS_A_MONTH) / DAYS_A_MONTH
    yield Item(PART, "logs that are kept", kept, "log-stored-gb", ("log_gb",))


def _publishes(resource: Resource) -> bool:
    return any(
        isinstance(container.get("environment"), list) and PUBLISHES in container["environment"]
        for container in resource.containers()
    )
