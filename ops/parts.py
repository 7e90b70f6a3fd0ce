"""The parts of a deployment, and how each is: what ``ops status`` shows, as a table, as JSON and as a page."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ops import pending_changes
from ops.ecs_services import existing_services, last_event, primary_deployment
from ops.environment import AWS_ERRORS, Environment, OpsError, reason
from ops.failed_starts import explained
from ops.fargate_spot import waits_for_spot
from ops.findings import Verdict
from ops.metrics import newest_maximum, newest_of_clickhouse
from ops.redis_nodes import redis_nodes
from ops.stopped_tasks import failed, stopped_tasks, why_stopped
from settings import clickhouse_metrics
from settings.load import known_environments
from settings.metrics import METRIC_NAMESPACE, QUEUE_DEPTHS
from settings.model import name_prefix

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

METRIC_MINUTES = 15
CLICKHOUSE_METRICS: Mapping[str, tuple[str, Callable[[float], str], str]] = {
    "disk": (clickhouse_metrics.DISK_USED_PERCENT, "{:.0f} %".format, "of the data volume"),
    "memory": (clickhouse_metrics.MEMORY_USED_PERCENT, "{:.0f} %".format, "of the instance's memory"),
    "parts": (clickhouse_metrics.MAX_PARTS_PER_PARTITION, "{:.0f}".format, "the most of a partition"),
    "merges": (
        clickhouse_metrics.OLDEST_MERGE_SECONDS,
        lambda seconds: str(timedelta(seconds=round(seconds))),
        "the age of the oldest merge or mutation",
    ),
}
"""By the name in the row: the metric, how its value is shown, and what it is."""
ALARMS = "alarms"
"""The section of the alarms."""
OF_ALARMS = {"OK": Verdict.OK, "ALARM": Verdict.FAILED}
"""By the state of an alarm. The third state, INSUFFICIENT_DATA, is neither."""


class Row(NamedTuple):
    """A resource, its state and details.

    Args:
        what: the resource.
        state: its state, in AWS's words where there are any.
        detail: what else is to be known of it.
        verdict: what to think of the state; None if it is neither good nor bad.
        alarm: what CloudWatch says of it, if the row is about an alarm.
    """

    what: str
    state: str
    detail: str
    verdict: Verdict | None = None
    alarm: "MetricAlarmTypeDef | None" = None


Sections = Mapping[str, list[Row]]
"""The rows of each section. In ``ALARMS``, there is one for each alarm."""


def look(environment: Environment) -> Sections:
    """Asks AWS for the state of every part. A section that AWS does not answer for has one row, with the reason.

    Raises:
        OpsError: if the stack ``data`` is not deployed: there is nothing to show.
    """
    environment.outputs("data")
    return {section: _rows(environment, section, rows) for section, rows in SECTIONS.items()}


def in_brief(sections: Sections) -> list[Row]:
    """All rows but those of the alarms that are not in ALARM."""
    return [row for section, rows in sections.items() for row in (_wrong(rows) if section == ALARMS else rows)]


def _wrong(alarms: list[Row]) -> list[Row]:
    wrong = [row for row in alarms if row.alarm is None or row.state == "ALARM"]
    return wrong or [Row(ALARMS, "none in ALARM", "")]


def _rows(environment: Environment, section: str, rows: Callable[[Environment], Iterator[Row]]) -> list[Row]:
    try:
        return list(rows(environment))
    except (OpsError, *AWS_ERRORS) as error:
        return [Row(section, "unknown", reason(error), Verdict.NOT_CHECKED)]


def _services(environment: Environment) -> Iterator[Row]:
    services = existing_services(environment, environment.services)
    for name in environment.services_to_come:
        yield Row(name, "absent", f"it is in the settings only: run {environment.deploy_command}", Verdict.WARNING)
    for name in environment.services:
        if name not in services:
            detail = f"there is no service {environment.service_name(name)} in {environment.cluster}"
            yield Row(name, "absent", detail, Verdict.FAILED)
            continue
        service = services[name]
        counts = f"{service['runningCount']} of {service['desiredCount']} running, {service['pendingCount']} pending"
        if waits_for_spot(service):
            counts += f", Fargate Spot may have no capacity: wait, or set {name}.spot = false and deploy"
        state = primary_deployment(service).get("rolloutState", "-")
        yield Row(name, state, f"{counts}; {last_event(service)}", _of_service(service, state))
        ecs = environment.session.client("ecs")
        stopped = stopped_tasks(ecs, environment.cluster, service["serviceName"])
        # After a rollback, the last one that stopped is not the one that failed.
        failures = [task for task in stopped if failed(task)]
        for what, tasks in (("stopped", stopped), ("failed", failures)):
            for last in tasks[:1]:
                stopped_at = f"{last['stoppedAt'].astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if "stoppedAt" in last else "-"
                why = explained(last) if failed(last) else why_stopped(last)
                yield Row(f"{name}'s last {what} task", stopped_at, why, Verdict.WARNING if what == "failed" else None)


def _of_service(service: "ServiceTypeDef", state: str) -> Verdict:
    wanted, running = service["desiredCount"], service["runningCount"]
    if state == "FAILED" or (wanted and not running):
        return Verdict.FAILED
    return Verdict.OK if state == "COMPLETED" and running >= wanted > 0 else Verdict.WARNING


def _targets(environment: Environment) -> Iterator[Row]:
    outputs = environment.outputs("services")
    yield _targets_of(environment, "load balancer's targets", outputs["target_group_arn"])
    for name in environment.services:
        if target_group_arn := outputs.get(f"{name}_target_group_arn"):
            yield _targets_of(environment, f"{name}'s targets", target_group_arn)


def _targets_of(environment: Environment, what: str, target_group_arn: str) -> Row:
    elb = environment.session.client("elbv2")
    targets = elb.describe_target_health(TargetGroupArn=target_group_arn)["TargetHealthDescriptions"]
    unhealthy = [target for target in targets if target["TargetHealth"]["State"] != "healthy"]
    details = [
        " ".join(
            [target["Target"]["Id"], target["TargetHealth"]["State"], target["TargetHealth"].get("Description", "")]
        )
        for target in unhealthy
    ]
    healthy = len(targets) - len(unhealthy)
    bad = Verdict.FAILED if targets and not healthy else Verdict.WARNING
    verdict = Verdict.OK if targets and not unhealthy else bad
    return Row(what, f"{healthy} of {len(targets)} healthy", "; ".join(details), verdict)


def _postgres(environment: Environment) -> Iterator[Row]:
    rds = environment.session.client("rds")
    try:
        (instance,) = rds.describe_db_instances(DBInstanceIdentifier=environment.database_id)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        yield Row("PostgreSQL", "absent", environment.database_id, Verdict.FAILED)
        return
    endpoint = environment.outputs("data")["database_endpoint"]
    detail = f"{instance['DBInstanceClass']}, {instance['EngineVersion']}, {endpoint}"
    yield Row("PostgreSQL", instance["DBInstanceStatus"], detail, _of_database(instance["DBInstanceStatus"]))
    if pending := pending_changes.of_database(instance):
        yield Row("PostgreSQL's changes", "pending", pending, Verdict.WARNING)


def _of_database(state: str) -> Verdict:
    return Verdict.OK if state == "available" else Verdict.WARNING


def _redis(environment: Environment) -> Iterator[Row]:
    elasticache = environment.session.client("elasticache")
    try:
        (group,) = elasticache.describe_replication_groups(ReplicationGroupId=environment.redis_id)["ReplicationGroups"]
    except elasticache.exceptions.ReplicationGroupNotFoundFault:
        yield Row("Redis", "absent", environment.redis_id, Verdict.FAILED)
        return
    endpoint = environment.outputs("data")["redis_endpoint"]
    detail = f"{group.get('CacheNodeType', '')}, {endpoint}"
    yield Row("Redis", group["Status"], detail, _of_database(group["Status"]))
    if pending := pending_changes.of_redis(group, redis_nodes(environment)):
        yield Row("Redis's changes", "pending", pending, Verdict.WARNING)


def _clickhouse(environment: Environment) -> Iterator[Row]:
    if environment.settings.clickhouse.mode == "external":
        yield Row("ClickHouse", "external", "`ops doctor` looks at its secrets, `ops smoke` at the rest")
        return
    instance_id = environment.outputs("data")["clickhouse_instance_id"]
    ec2 = environment.session.client("ec2")
    # With a filter, an instance that EC2 has forgotten is no error.
    reservations = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])["Reservations"]
    instances = [instance for reservation in reservations for instance in reservation["Instances"]]
    for instance in instances:
        detail = f"{instance_id}, {instance['InstanceType']}, {instance.get('PrivateIpAddress', '-')}"
        state = instance["State"]["Name"]
        yield Row("ClickHouse", state, detail, Verdict.OK if state == "running" else Verdict.FAILED)
        yield from _of_clickhouse(environment)
    if not instances:
        yield Row("ClickHouse", "absent", f"there is no instance {instance_id}", Verdict.FAILED)


def _of_clickhouse(environment: Environment) -> Iterator[Row]:
    """What the instance publishes. The alarms judge it; that there is nothing is judged by the one on the parts."""
    for what, (metric, shown, meaning) in CLICKHOUSE_METRICS.items():
        if newest := newest_of_clickhouse(environment, metric, minutes=METRIC_MINUTES):
            yield Row(f"ClickHouse's {what}", shown(newest.maximum), f"at {newest.time:%H:%M:%SZ}, {meaning}")
        else:
            yield Row(f"ClickHouse's {what}", "-", f"nothing was published in the last {METRIC_MINUTES} minutes")


def _alarms(environment: Environment) -> Iterator[Row]:
    cloudwatch = environment.session.client("cloudwatch")
    prefix = f"{environment.settings.prefix}-"
    # The prefix of an environment "prod" is also that of the names of an environment "prod-eu".
    prefixes = [f"{name_prefix(name)}-" for name in known_environments()]
    longer_prefixes = tuple(other for other in prefixes if other.startswith(prefix) and other != prefix)
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix):
        for alarm in page["MetricAlarms"]:
            name, state = alarm["AlarmName"], alarm["StateValue"]
            if not name.startswith(longer_prefixes):
                yield Row(name, state, alarm.get("AlarmDescription", ""), OF_ALARMS.get(state), alarm)


def _queues(environment: Environment) -> Iterator[Row]:
    if not environment.settings.alarms.queue_metrics:
        yield Row("queues", "-", "not measured: alarms.queue_metrics is false")
        return
    for queue, metric_name in QUEUE_DEPTHS.items():
        depth = newest_maximum(environment, METRIC_NAMESPACE, metric_name, minutes=METRIC_MINUTES)
        if depth:
            detail = f"at {depth.time:%H:%M:%SZ}, of every Langfuse in this account and region"
            yield Row(f"queue {queue}", f"{depth.maximum:.0f} waiting", detail)
        else:
            yield Row(f"queue {queue}", "-", f"no worker has published it in the last {METRIC_MINUTES} minutes")


SECTIONS: dict[str, Callable[[Environment], Iterator[Row]]] = {
    "services": _services,
    "load balancer's targets": _targets,
    "PostgreSQL": _postgres,
    "Redis": _redis,
    "ClickHouse": _clickhouse,
    ALARMS: _alarms,
    "queues": _queues,
}
