"""``ops status``: the one table to look at first, at 3 a.m."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.console import AsJson, console, print_json, table
from ops.steady_state import describe, last_event, primary
from ops.target import CLIENT_CONFIG, SERVICES, Target, target

METRIC_NAMESPACE = "Langfuse"
QUEUES = {
    "otel_ingestion": "langfuse.queue.otel_ingestion.depth.shard_all.type_waiting",
    "ingestion": "langfuse.queue.ingestion.depth.shard_all.type_waiting",
}
QUEUE_MINUTES = 15

Row = tuple[str, str, str]


def status(as_json: AsJson = False) -> None:
    """Show what runs and what does not.

    Services, why the last task stopped, the load balancer's targets, PostgreSQL, Redis, ClickHouse, alarms, queues.
    """
    here = target()
    rows = [
        *_services(here),
        *_targets(here),
        *_database(here),
        *_cache(here),
        *_clickhouse(here),
        *_alarms(here),
        *_queues(here),
    ]
    if as_json:
        print_json([{"what": what, "state": state, "detail": detail} for what, state, detail in rows])
        return
    console.print(table("what", "state", "detail", rows=rows, title=here.settings.prefix))


def _services(here: Target) -> Iterator[Row]:
    ecs = here.session.client("ecs", config=CLIENT_CONFIG)
    for service, one in describe(here, SERVICES).items():
        running = f"{one['runningCount']} of {one['desiredCount']} running, {one['pendingCount']} pending"
        yield service, primary(one).get("rolloutState", "-"), f"{running}; {last_event(one)}"
        stopped = ecs.list_tasks(cluster=here.cluster, serviceName=one["serviceName"], desiredStatus="STOPPED")[
            "taskArns"
        ]
        tasks = ecs.describe_tasks(cluster=here.cluster, tasks=stopped)["tasks"] if stopped else []
        if tasks:
            last = max(tasks, key=lambda task: task.get("stoppedAt", datetime.min.replace(tzinfo=UTC)))
            codes = [str(container["exitCode"]) for container in last["containers"] if "exitCode" in container]
            code = f", exit code {', '.join(codes)}" if codes else ""
            when = f"{last['stoppedAt']:%Y-%m-%d %H:%M:%S}" if "stoppedAt" in last else "-"
            yield f"{service}'s last stopped task", when, f"{last.get('stoppedReason', '-')}{code}"


def _targets(here: Target) -> Iterator[Row]:
    elb = here.session.client("elbv2", config=CLIENT_CONFIG)
    (web,) = describe(here, ["web"]).values()
    for balancer in web.get("loadBalancers", []):
        health = elb.describe_target_health(TargetGroupArn=balancer["targetGroupArn"])["TargetHealthDescriptions"]
        healthy = [one for one in health if one["TargetHealth"]["State"] == "healthy"]
        ill = [
            " ".join([one["Target"]["Id"], one["TargetHealth"]["State"], one["TargetHealth"].get("Description", "")])
            for one in health
            if one not in healthy
        ]
        yield "load balancer's targets", f"{len(healthy)} of {len(health)} healthy", "; ".join(ill)


def _database(here: Target) -> Iterator[Row]:
    rds = here.session.client("rds", config=CLIENT_CONFIG)
    endpoint = here.outputs("data")["database_endpoint"]
    for one in rds.describe_db_instances()["DBInstances"]:
        if one["DBInstanceIdentifier"].startswith(here.settings.prefix):
            yield "PostgreSQL", one["DBInstanceStatus"], f"{one['DBInstanceClass']}, {one['EngineVersion']}, {endpoint}"


def _cache(here: Target) -> Iterator[Row]:
    cache = here.session.client("elasticache", config=CLIENT_CONFIG)
    for one in cache.describe_replication_groups()["ReplicationGroups"]:
        if one["ReplicationGroupId"].startswith(here.settings.prefix):
            yield "Redis", one["Status"], f"{one.get('CacheNodeType', '')}, {here.outputs('data')['redis_endpoint']}"


def _clickhouse(here: Target) -> Iterator[Row]:
    outputs = here.outputs("data")
    address = outputs.get("clickhouse_private_ip")
    if not address:
        yield "ClickHouse", "external", "`ops doctor` looks at its secrets, `ops smoke` at the rest"
        return
    ec2 = here.session.client("ec2", config=CLIENT_CONFIG)
    filters: Any = [{"Name": "private-ip-address", "Values": [address]}]
    for reservation in ec2.describe_instances(Filters=filters)["Reservations"]:
        for one in reservation["Instances"]:
            if one.get("PrivateIpAddress") == address and one["State"]["Name"] != "terminated":
                yield "ClickHouse", one["State"]["Name"], f"{one['InstanceId']}, {one['InstanceType']}, {address}"


def _alarms(here: Target) -> Iterator[Row]:
    cloudwatch = here.session.client("cloudwatch", config=CLIENT_CONFIG)
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=here.settings.prefix, StateValue="ALARM"
    )
    found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    for alarm in found:
        yield alarm["AlarmName"], "ALARM", alarm.get("AlarmDescription", "")
    if not found:
        yield "alarms", "none in ALARM", ""


def _queues(here: Target) -> Iterator[Row]:
    cloudwatch = here.session.client("cloudwatch", config=CLIENT_CONFIG)
    now = datetime.now(UTC)
    for queue, metric in QUEUES.items():
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
            yield f"queue {queue}", f"{last['Maximum']:.0f} waiting", f"at {last['Timestamp']:%H:%M:%S}"
        else:
            yield f"queue {queue}", "-", f"no worker told in the last {QUEUE_MINUTES} minutes"
