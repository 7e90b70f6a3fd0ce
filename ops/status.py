"""``ops status``: the one table to look at first, at 3 a.m."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.console import AsJson, console, print_json, table
from ops.steady_state import existing, last_event, primary
from ops.target import AWS_ERRORS, SERVICES, OpsError, Target, reason, target
from settings.load import known_environments
from settings.metrics import METRIC_NAMESPACE, QUEUE_DEPTHS

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef

QUEUE_MINUTES = 15

Row = tuple[str, str, str]
"""What it is, its state, and the detail."""


def status(as_json: AsJson = False) -> None:
    """Show what runs and what does not.

    Services, why the last task stopped, the load balancer's targets, PostgreSQL, Redis, ClickHouse, alarms, queues.
    What can't be asked for is "unknown", and why.
    """
    here = target()
    # Without this stack there is nothing to show.
    here.outputs("data")
    rows = [row for what, look in SECTIONS.items() for row in _looked(here, what, look)]
    if as_json:
        print_json([{"what": what, "state": state, "detail": detail} for what, state, detail in rows])
        return
    console.print(table("what", "state", "detail", rows=rows, title=here.settings.prefix))


def _looked(here: Target, what: str, look: Callable[[Target], Iterator[Row]]) -> list[Row]:
    try:
        return list(look(here))
    except (OpsError, *AWS_ERRORS) as error:
        return [(what, "unknown", reason(error))]


def _services(here: Target) -> Iterator[Row]:
    found = existing(here, SERVICES)
    for service in SERVICES:
        if service not in found:
            yield service, "absent", f"there is no service {here.service_name(service)} in {here.cluster}"
            continue
        one = found[service]
        running = f"{one['runningCount']} of {one['desiredCount']} running, {one['pendingCount']} pending"
        yield service, primary(one).get("rolloutState", "-"), f"{running}; {last_event(one)}"
        if last := _last_stopped(here, one["serviceName"]):
            when = last["stoppedAt"].astimezone(UTC) if "stoppedAt" in last else None
            yield f"{service}'s last stopped task", f"{when:%Y-%m-%d %H:%M:%SZ}" if when else "-", why_stopped(last)


def _last_stopped(here: Target, service_name: str) -> "TaskTypeDef | None":
    ecs = here.session.client("ecs")
    arns = ecs.list_tasks(cluster=here.cluster, serviceName=service_name, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=here.cluster, tasks=arns)["tasks"] if arns else []
    return max(tasks, key=lambda task: task.get("stoppedAt", datetime.min.replace(tzinfo=UTC)), default=None)


def why_stopped(task: "TaskTypeDef") -> str:
    """The task's reason, and what its containers add: an exit code, or that memory ran out."""
    reasons = [task.get("stoppedReason", "-")]
    for container in task["containers"]:
        reasons += [container["reason"]] if container.get("reason") else []
        reasons += [f"exit code {container['exitCode']}"] if container.get("exitCode") is not None else []
    return ", ".join(reasons)


def _targets(here: Target) -> Iterator[Row]:
    elb = here.session.client("elbv2")
    for web in existing(here, ["web"]).values():
        for balancer in web.get("loadBalancers", []):
            health = elb.describe_target_health(TargetGroupArn=balancer["targetGroupArn"])["TargetHealthDescriptions"]
            ill = [one for one in health if one["TargetHealth"]["State"] != "healthy"]
            details = [
                " ".join(
                    [one["Target"]["Id"], one["TargetHealth"]["State"], one["TargetHealth"].get("Description", "")]
                )
                for one in ill
            ]
            healthy = f"{len(health) - len(ill)} of {len(health)} healthy"
            yield "load balancer's targets", healthy, "; ".join(details)


def _database(here: Target) -> Iterator[Row]:
    rds = here.session.client("rds")
    try:
        (one,) = rds.describe_db_instances(DBInstanceIdentifier=here.database_id)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        yield "PostgreSQL", "absent", here.database_id
        return
    endpoint = here.outputs("data")["database_endpoint"]
    yield "PostgreSQL", one["DBInstanceStatus"], f"{one['DBInstanceClass']}, {one['EngineVersion']}, {endpoint}"


def _cache(here: Target) -> Iterator[Row]:
    cache = here.session.client("elasticache")
    try:
        (one,) = cache.describe_replication_groups(ReplicationGroupId=here.cache_id)["ReplicationGroups"]
    except cache.exceptions.ReplicationGroupNotFoundFault:
        yield "Redis", "absent", here.cache_id
        return
    yield "Redis", one["Status"], f"{one.get('CacheNodeType', '')}, {here.outputs('data')['redis_endpoint']}"


def _clickhouse(here: Target) -> Iterator[Row]:
    if here.settings.clickhouse.mode == "external":
        yield "ClickHouse", "external", "`ops doctor` looks at its secrets, `ops smoke` at the rest"
        return
    name = f"{here.settings.prefix}-clickhouse"
    filters: Any = [{"Name": "tag:Name", "Values": [name]}]
    ec2 = here.session.client("ec2")
    reservations = ec2.describe_instances(Filters=filters)["Reservations"]
    instances = [one for reservation in reservations for one in reservation["Instances"]]
    alive = [one for one in instances if one["State"]["Name"] != "terminated"]
    for one in alive:
        detail = f"{one['InstanceId']}, {one['InstanceType']}, {one.get('PrivateIpAddress', '-')}"
        yield "ClickHouse", one["State"]["Name"], detail
    if not alive:
        yield "ClickHouse", "absent", f"there is no instance named {name}"


def _alarms(here: Target) -> Iterator[Row]:
    cloudwatch = here.session.client("cloudwatch")
    prefix = f"{here.settings.prefix}-"
    # langfuse-prod is also how langfuse-prod-eu begins.
    others = [f"langfuse-{name}-" for name in known_environments()]
    longer = tuple(other for other in others if other.startswith(prefix) and other != prefix)
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, StateValue="ALARM")
    found = [alarm for page in pages for alarm in page["MetricAlarms"] if not alarm["AlarmName"].startswith(longer)]
    for alarm in found:
        yield alarm["AlarmName"], "ALARM", alarm.get("AlarmDescription", "")
    if not found:
        yield "alarms", "none in ALARM", ""


def _queues(here: Target) -> Iterator[Row]:
    cloudwatch = here.session.client("cloudwatch")
    now = datetime.now(UTC)
    for queue, metric in QUEUE_DEPTHS.items():
        points = cloudwatch.get_metric_statistics(
            Namespace=METRIC_NAMESPACE,
            MetricName=metric,
            StartTime=now - timedelta(minutes=QUEUE_MINUTES),
            EndTime=now,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        if points:
            last = max(points, key=lambda point: point["Timestamp"])
            when = last["Timestamp"].astimezone(UTC)
            detail = f"at {when:%H:%M:%SZ}, of all Langfuses of this account and region"
            yield f"queue {queue}", f"{last['Maximum']:.0f} waiting", detail
        else:
            yield f"queue {queue}", "-", f"no worker told in the last {QUEUE_MINUTES} minutes"


SECTIONS: dict[str, Callable[[Target], Iterator[Row]]] = {
    "services": _services,
    "load balancer's targets": _targets,
    "PostgreSQL": _database,
    "Redis": _cache,
    "ClickHouse": _clickhouse,
    "alarms": _alarms,
    "queues": _queues,
}
