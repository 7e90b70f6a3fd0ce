"""``ops status``: one table of what runs and what does not."""

from collections.abc import Callable, Iterator
from datetime import UTC

from ops import pending_changes
from ops.console import AsJson, print_json, show, table
from ops.ecs_services import existing_services, last_event, primary_deployment
from ops.environment import AWS_ERRORS, SERVICES, Environment, OpsError, load_environment, reason
from ops.failed_starts import explained
from ops.metrics import newest_maximum
from ops.redis_nodes import redis_nodes
from ops.stopped_tasks import failed, stopped_tasks, why_stopped
from settings.load import known_environments
from settings.metrics import METRIC_NAMESPACE, QUEUE_DEPTHS
from settings.model import name_prefix

QUEUE_MINUTES = 15

Row = tuple[str, str, str]
"""A resource, its state, and details."""


def status(as_json: AsJson = False) -> None:
    """Show what runs and what does not.

    Services, why the last task stopped, the load balancer's targets, PostgreSQL and Redis with their pending changes,
    ClickHouse, alarms, queues.
    What AWS does not answer is "unknown", with the reason.

    Example: ops status --json
    """
    environment = load_environment()
    # Fails if this stack is not deployed: there is nothing to show.
    environment.outputs("data")
    rows = [row for section, look in SECTIONS.items() for row in _rows(environment, section, look)]
    if as_json:
        print_json([{"what": resource, "state": state, "detail": detail} for resource, state, detail in rows])
        return
    show(table("what", "state", "detail", rows=rows), environment.settings.prefix)


def _rows(environment: Environment, section: str, look: Callable[[Environment], Iterator[Row]]) -> list[Row]:
    try:
        return list(look(environment))
    except (OpsError, *AWS_ERRORS) as error:
        return [(section, "unknown", reason(error))]


def _services(environment: Environment) -> Iterator[Row]:
    services = existing_services(environment, SERVICES)
    for name in SERVICES:
        if name not in services:
            yield name, "absent", f"there is no service {environment.service_name(name)} in {environment.cluster}"
            continue
        service = services[name]
        counts = f"{service['runningCount']} of {service['desiredCount']} running, {service['pendingCount']} pending"
        yield name, primary_deployment(service).get("rolloutState", "-"), f"{counts}; {last_event(service)}"
        ecs = environment.session.client("ecs")
        stopped = stopped_tasks(ecs, environment.cluster, service["serviceName"])
        # After a rollback, the last one that stopped is not the one that failed.
        failures = [task for task in stopped if failed(task)]
        for what, tasks in (("stopped", stopped), ("failed", failures)):
            for last in tasks[:1]:
                stopped_at = f"{last['stoppedAt'].astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if "stoppedAt" in last else "-"
                yield f"{name}'s last {what} task", stopped_at, explained(last) if failed(last) else why_stopped(last)


def _targets(environment: Environment) -> Iterator[Row]:
    elb = environment.session.client("elbv2")
    target_group_arn = environment.outputs("services")["target_group_arn"]
    targets = elb.describe_target_health(TargetGroupArn=target_group_arn)["TargetHealthDescriptions"]
    unhealthy = [target for target in targets if target["TargetHealth"]["State"] != "healthy"]
    details = [
        " ".join(
            [target["Target"]["Id"], target["TargetHealth"]["State"], target["TargetHealth"].get("Description", "")]
        )
        for target in unhealthy
    ]
    yield "load balancer's targets", f"{len(targets) - len(unhealthy)} of {len(targets)} healthy", "; ".join(details)


def _postgres(environment: Environment) -> Iterator[Row]:
    rds = environment.session.client("rds")
    try:
        (instance,) = rds.describe_db_instances(DBInstanceIdentifier=environment.database_id)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        yield "PostgreSQL", "absent", environment.database_id
        return
    endpoint = environment.outputs("data")["database_endpoint"]
    detail = f"{instance['DBInstanceClass']}, {instance['EngineVersion']}, {endpoint}"
    yield "PostgreSQL", instance["DBInstanceStatus"], detail
    if pending := pending_changes.of_database(instance):
        yield "PostgreSQL's changes", "pending", pending


def _redis(environment: Environment) -> Iterator[Row]:
    elasticache = environment.session.client("elasticache")
    try:
        (group,) = elasticache.describe_replication_groups(ReplicationGroupId=environment.redis_id)["ReplicationGroups"]
    except elasticache.exceptions.ReplicationGroupNotFoundFault:
        yield "Redis", "absent", environment.redis_id
        return
    endpoint = environment.outputs("data")["redis_endpoint"]
    yield "Redis", group["Status"], f"{group.get('CacheNodeType', '')}, {endpoint}"
    if pending := pending_changes.of_redis(group, redis_nodes(environment)):
        yield "Redis's changes", "pending", pending


def _clickhouse(environment: Environment) -> Iterator[Row]:
    if environment.settings.clickhouse.mode == "external":
        yield "ClickHouse", "external", "`ops doctor` looks at its secrets, `ops smoke` at the rest"
        return
    instance_id = environment.outputs("data")["clickhouse_instance_id"]
    ec2 = environment.session.client("ec2")
    # With a filter, an instance that EC2 has forgotten is no error.
    reservations = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])["Reservations"]
    instances = [instance for reservation in reservations for instance in reservation["Instances"]]
    for instance in instances:
        detail = f"{instance_id}, {instance['InstanceType']}, {instance.get('PrivateIpAddress', '-')}"
        yield "ClickHouse", instance["State"]["Name"], detail
    if not instances:
        yield "ClickHouse", "absent", f"there is no instance {instance_id}"


def _alarms(environment: Environment) -> Iterator[Row]:
    cloudwatch = environment.session.client("cloudwatch")
    prefix = f"{environment.settings.prefix}-"
    # The prefix of an environment "prod" is also that of the names of an environment "prod-eu".
    prefixes = [f"{name_prefix(name)}-" for name in known_environments()]
    longer_prefixes = tuple(other for other in prefixes if other.startswith(prefix) and other != prefix)
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, StateValue="ALARM")
    alarms = [
        alarm for page in pages for alarm in page["MetricAlarms"] if not alarm["AlarmName"].startswith(longer_prefixes)
    ]
    for alarm in alarms:
        yield alarm["AlarmName"], "ALARM", alarm.get("AlarmDescription", "")
    if not alarms:
        yield "alarms", "none in ALARM", ""


def _queues(environment: Environment) -> Iterator[Row]:
    if not environment.settings.alarms.queue_metrics:
        yield "queues", "-", "not measured: alarms.queue_metrics is false"
        return
    for queue, metric_name in QUEUE_DEPTHS.items():
        depth = newest_maximum(environment, METRIC_NAMESPACE, metric_name, minutes=QUEUE_MINUTES)
        if depth:
            detail = f"at {depth.time:%H:%M:%SZ}, of every Langfuse in this account and region"
            yield f"queue {queue}", f"{depth.maximum:.0f} waiting", detail
        else:
            yield f"queue {queue}", "-", f"no worker has published it in the last {QUEUE_MINUTES} minutes"


SECTIONS: dict[str, Callable[[Environment], Iterator[Row]]] = {
    "services": _services,
    "load balancer's targets": _targets,
    "PostgreSQL": _postgres,
    "Redis": _redis,
    "ClickHouse": _clickhouse,
    "alarms": _alarms,
    "queues": _queues,
}
