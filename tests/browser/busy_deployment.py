"""A deployment that a page has much to show of: alarms, failed tasks, and a day of metrics."""

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.states import BUCKET, state
from tests.synthesis import app
from tests.unit.small_deployment import CLUSTER, WEB, SmallDeployment

WORKER = "langfuse-dev-worker"
HOSTILE = "<script>document.title = 'owned'</script><img src=x onerror=alert(1)>"
"""What a container could print as its reason."""
DATABASE_ID = re.compile(r"\$\{[^}]*identifier[^}]*\}")
"""A reference to it, which is in the names of alarms."""
FULL_DISK = "langfuse-dev-clickhouse-disk"
MINUTES = 5
DAY = 24 * 60 // MINUTES


def complete(deployment: SmallDeployment) -> None:
    """Adds what a small deployment lacks for a page: outputs, a worker, targets, the dashboard and the alarms of dev.

    References to other resources in the dashboard and the alarms are texts here, the same in both.
    """
    _add_outputs(deployment)
    ecs, cloudwatch = deployment.client("ecs"), deployment.client("cloudwatch")
    (web,) = ecs.describe_services(cluster=CLUSTER, services=[WEB])["services"]
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=WORKER,
        taskDefinition=web["taskDefinition"],
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=web["networkConfiguration"],
    )
    for service in (WEB, WORKER):
        revision = web["taskDefinition"].rpartition("/")[2]
        names = ("--cluster", CLUSTER, "--service", service, "--task-definition", revision, "--region", "us-east-1")
        ran = deployment.ops("wait", *names)
        assert ran.returncode == 0, ran.stderr
    dashboard = app()["services"].resource("aws_cloudwatch_dashboard")
    body = DATABASE_ID.sub("langfuse-dev-postgres", dashboard["dashboard_body"])
    cloudwatch.put_dashboard(DashboardName="langfuse-dev", DashboardBody=body)
    cloudwatch.delete_alarms(AlarmNames=[FULL_DISK])
    for stack in app().values():
        for text in map(json.dumps, stack.resources("aws_cloudwatch_metric_alarm").values()):
            alarm = json.loads(DATABASE_ID.sub("langfuse-dev-postgres", text))
            cloudwatch.put_metric_alarm(
                AlarmName=alarm["alarm_name"],
                AlarmDescription=alarm["alarm_description"],
                Namespace=alarm["namespace"],
                MetricName=alarm["metric_name"],
                Dimensions=[{"Name": name, "Value": value} for name, value in alarm.get("dimensions", {}).items()],
                Statistic=alarm["statistic"],
                Threshold=alarm["threshold"],
                ComparisonOperator=alarm["comparison_operator"],
                Period=alarm["period"],
                EvaluationPeriods=alarm["evaluation_periods"],
                TreatMissingData=alarm["treat_missing_data"],
            )
            cloudwatch.set_alarm_state(AlarmName=alarm["alarm_name"], StateValue="OK", StateReason="test")


def _add_outputs(deployment: SmallDeployment) -> None:
    s3, elb = deployment.client("s3"), deployment.client("elbv2")
    vpc = deployment.client("ec2").describe_subnets(SubnetIds=[deployment.subnet])["Subnets"][0]["VpcId"]
    (group,) = elb.create_target_group(Name="web", Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip")[
        "TargetGroups"
    ]
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "10.0.0.10", "Port": 3000}])
    added = {
        "data": {
            "database_endpoint": "langfuse-dev.c0123456789a.us-east-1.rds.amazonaws.com:5432",
            "redis_endpoint": "master.langfuse-dev-redis.0123ab.use1.cache.amazonaws.com:6379",
        },
        "services": {"target_group_arn": group["TargetGroupArn"]},
    }
    for stack, outputs in added.items():
        key = f"langfuse/dev/{stack}.tfstate"
        stored = json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        before = {name: output["value"] for name, output in stored["outputs"].items()}
        changed = state({**before, **outputs}, lineage=stack, serial=2)
        s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(changed).encode())


def make_busy(deployment: SmallDeployment) -> None:
    """Publishes a day of each metric of the dashboard; then an alarm goes off, and a task of the worker fails."""
    cloudwatch, ecs = deployment.client("cloudwatch"), deployment.client("ecs")
    body = cloudwatch.get_dashboard(DashboardName="langfuse-dev")["DashboardBody"]
    for widget in json.loads(body)["widgets"]:
        for number, (namespace, name, *dimensions, _) in enumerate(widget["properties"]["metrics"]):
            pairs = [
                {"Name": key, "Value": value} for key, value in zip(dimensions[::2], dimensions[1::2], strict=True)
            ]
            title = widget["properties"]["title"]
            data = [
                {"MetricName": name, "Dimensions": pairs, "Timestamp": time, **_samples(title, number, value)}
                for time, value in _day(title, number)
            ]
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        state_value = "ALARM" if alarm["AlarmName"] == FULL_DISK else "OK"
        cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue=state_value, StateReason="test")
    (task, *_) = ecs.list_tasks(cluster=CLUSTER, serviceName=WORKER)["taskArns"]
    ecs.submit_task_state_change(
        cluster=CLUSTER,
        task=task,
        status="STOPPED",
        reason="Essential container in task exited",
        containers=[{"containerName": "any", "exitCode": 1, "reason": HOSTILE, "status": "STOPPED"}],
    )


def _samples(title: str, number: int, value: float) -> dict[str, Any]:
    """What five minutes make of a value. The number of tasks is that of the samples of their CPU in a minute."""
    if title != "Task CPU (%)":
        return {"Value": value}
    count = MINUTES * (1 + number)
    return {"StatisticValues": {"SampleCount": count, "Sum": value * count, "Minimum": value, "Maximum": value}}


def _day(title: str, number: int) -> Iterator[tuple[datetime, float]]:
    """A value every five minutes: less at night, and a gap of an hour, in which nothing was measured."""
    shape: dict[str, Any] = {
        "Requests": lambda use, _: 40 + 900 * use,
        "Response time (s)": lambda use, _: 0.18 + 0.5 * use**3,
        "Errors": lambda _, minute: (30 if number == 0 else 4) if 500 < minute < 540 else None,
        "Task CPU (%)": lambda use, _: 12 + (50 - 15 * number) * use,
        "Task memory (%)": lambda use, _: 48 + (20 - 30 * number) * use,
        "Tasks": lambda *_: None,
        "Waiting jobs": lambda use, minute: (5 + 40 * use if number else 2) + (2400 if 500 < minute < 600 else 0),
        "Redis memory (%)": lambda use, _: 21 + 6 * use,
        "PostgreSQL CPU (%)": lambda use, _: 6 + 22 * use,
        "PostgreSQL free storage (bytes)": lambda _, minute: (14.2 - minute / 1440) * 1024**3,
        "ClickHouse disk (%)": lambda _, minute: 76 + 6 * minute / 1440,
    }
    now = datetime.now(UTC)
    for step in range(DAY):
        minute = step * MINUTES
        use = max(0.0, math.sin(math.pi * (minute - 200) / 1000)) * (1 + 0.12 * math.sin(minute / 17 + number))
        value = shape[title](use, minute)
        if value is not None and not (1000 < minute < 1060):
            yield now - timedelta(days=1) + timedelta(minutes=minute), value
