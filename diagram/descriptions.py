"""What a box says of its resources: a name, and lines with sizes, versions and counts."""

import json
from collections.abc import Callable, Sequence

from diagram.graph import Graph, Json, Resource

Lines = tuple[str, ...]
Describe = Callable[[Graph, Sequence[Resource]], tuple[str, Lines]]

MIB_PER_GIB = 1024
CPU_UNITS_PER_VCPU = 1024
ZONES = {False: "1 zone", True: "2 zones"}
"""By whether it survives the loss of a zone."""


def count(number: int, noun: str, *, plural: str = "") -> str:
    """``1 task``, ``2 tasks``."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def span(least: int, most: int, noun: str, *, plural: str = "") -> str:
    """``2 tasks``, or a range of tasks."""
    start = "" if least == most else f"{least}–"  # noqa: RUF001
    return start + count(most, noun, plural=plural)


def short_name(graph: Graph, name: str) -> str:
    """A resource's name without the environment's prefix: ``web``."""
    return name.removeprefix(f"langfuse-{graph.name}-").strip("-")


def containers(graph: Graph, service: Resource) -> list[Json]:
    """The container definitions of a service's tasks."""
    definition = graph.referred(service, "task_definition")[0]
    return list(json.loads(definition.values["container_definitions"]))


def scaling(graph: Graph, service: Resource) -> list[Resource]:
    """The autoscaling of a service, which names it without a reference."""
    ending = f"/{service.values['name']}"
    return [item for item in graph.of("aws_appautoscaling_target") if item.values["resource_id"].endswith(ending)]


def listeners(graph: Graph, load_balancer: Resource) -> list[Resource]:
    """The listeners of a load balancer."""
    return [item for item in graph.of("aws_lb_listener") if load_balancer in graph.referred(item, "load_balancer_arn")]


def service(graph: Graph, services: Sequence[Resource]) -> tuple[str, Lines]:
    """An ECS service."""
    values = services[0].values
    name = str(values["name"])
    definition = graph.referred(services[0], "task_definition")[0].values
    sizes = {"min_capacity": values["desired_count"], "max_capacity": values["desired_count"]}
    for target in scaling(graph, services[0]):
        sizes |= target.values
    least, most = sizes["min_capacity"], sizes["max_capacity"]
    vcpu = int(definition["cpu"]) / CPU_UNITS_PER_VCPU
    memory_gib = int(definition["memory"]) / MIB_PER_GIB
    return short_name(graph, name), (span(least, most, "task"), f"{vcpu:g} vCPU, {memory_gib:g} GiB each")


def load_balancer(graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The load balancer."""
    served = [f"{item.values['protocol']} {item.values['port']}" for item in listeners(graph, resources[0])]
    kind = "internal" if resources[0].values.get("internal") else "public"
    guarded = any(resources[0] in graph.referred(item) for item in graph.of("aws_wafv2_web_acl_association"))
    return "Load balancer", (kind, ", ".join(sorted(served)), *(["web ACL (AWS WAF)"] if guarded else []))


def cloudfront(graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The CloudFront distribution."""
    values = resources[0].values
    guarded = any(item.type == "aws_wafv2_web_acl" for item in graph.referred(resources[0]))
    return "CloudFront", (*values.get("aliases", [])[:1], *(["web ACL (AWS WAF)"] if guarded else []))


def nat_gateways(_graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The NAT gateways."""
    return "NAT", (count(len(resources), "gateway"), "1 per zone" if len(resources) > 1 else ZONES[False])


def postgres(_graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The PostgreSQL database."""
    values = resources[0].values
    zones = ZONES[bool(values.get("multi_az"))]
    least = values["allocated_storage"]
    storage = span(least, values.get("max_allocated_storage") or least, "GiB", plural="GiB")
    backups = f"{count(values['backup_retention_period'], 'day')} of backups"
    return f"PostgreSQL {values['engine_version']}", (f"{values['instance_class']}, {zones}", storage, backups)


def redis(_graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The Redis or Valkey cache."""
    values = resources[0].values
    nodes = values["num_cache_clusters"]
    zones = ZONES[bool(values.get("multi_az_enabled"))]
    engine = str(values["engine"]).capitalize()
    return f"{engine} {values['engine_version']}", (f"{nodes} × {values['node_type']}", f"{zones}, TLS")


def clickhouse(graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """ClickHouse on EC2."""
    sizes = [f"{volume.values['size']} GiB" for volume in graph.of("aws_ebs_volume")]
    backups = ["daily backups"] if graph.of("aws_backup_selection") else []
    return "ClickHouse", (f"{resources[0].values['instance_type']}, {ZONES[False]}", *sizes, *backups)


def interface_endpoints(_graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The interface endpoints."""
    return "VPC endpoints", (count(len(resources), "interface endpoint"),)


def buckets(graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The buckets."""
    prefixes = (str(item.values.get("bucket_prefix") or item.values.get("bucket", "")) for item in resources)
    names = [short_name(graph, prefix).replace("-", " ") for prefix in prefixes]
    return "S3", (count(len(resources), "bucket"), ", ".join(names))


def secrets(_graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The secrets."""
    return "Secrets Manager", (count(len(resources), "secret"),)


def cloudwatch(graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """CloudWatch."""
    topic = ", SNS topic" if graph.of("aws_sns_topic") else ""
    logs = count(len(graph.of("aws_cloudwatch_log_group")), "log group")
    return "CloudWatch", (f"{count(len(resources), 'alarm')}{topic}", f"{logs}, dashboard")


def mail(_graph: Graph, resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The mail identity."""
    return "SES", (str(resources[0].values["email_identity"]),)


def key(_graph: Graph, _resources: Sequence[Resource]) -> tuple[str, Lines]:
    """The key."""
    return "KMS key", ("encrypts what is stored",)


DESCRIPTIONS: dict[str, Describe] = {
    "aws_cloudfront_distribution": cloudfront,
    "aws_lb": load_balancer,
    "aws_nat_gateway": nat_gateways,
    "aws_ecs_service": service,
    "aws_db_instance": postgres,
    "aws_elasticache_replication_group": redis,
    "aws_instance": clickhouse,
    "aws_vpc_endpoint": interface_endpoints,
    "aws_s3_bucket": buckets,
    "aws_secretsmanager_secret": secrets,
    "aws_cloudwatch_metric_alarm": cloudwatch,
    "aws_sesv2_email_identity": mail,
    "aws_kms_key": key,
}
"""By the type of what has a box."""
