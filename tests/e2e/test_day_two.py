"""Tests of ``ops`` on real deployments. A test fixes what it breaks, so that a plan is empty afterwards."""

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cost.month import month
from cost.prices import prices_of
from cost.resources import Resource, Resources
from cost.usage import Usage
from local.deployment import Deployment
from ops.environment import load_environment
from settings import Settings
from settings.secret_variables import PLACEHOLDER
from tests.command_line import PROJECT, Ran, assert_one_line, ops, ops_in_process
from tests.e2e.conftest import TERRAFORM, Planned, plan
from tests.e2e.test_deploy import secret_values
from tests.environments import load

pytestmark = pytest.mark.e2e

dev = pytest.mark.parametrize("deployment", ["dev"], indirect=True)
operated_dev = pytest.mark.parametrize("deployment", ["dev-operated"], indirect=True)
prod = pytest.mark.parametrize("deployment", ["prod"], indirect=True)
operated = pytest.mark.parametrize("deployment", ["dev-operated", "prod"], indirect=True)

CLICKHOUSE = {
    "CLICKHOUSE_URL": "https://clickhouse.example.com:8443",
    "CLICKHOUSE_USER": "langfuse",
    "CLICKHOUSE_PASSWORD": "not-to-be-seen-anywhere",  # pragma: allowlist secret
    "CLICKHOUSE_MIGRATION_URL": "clickhouse://clickhouse.example.com:9440",
    "CLICKHOUSE_DB": "default",
    "CLICKHOUSE_MIGRATION_SSL": "true",
}
DEADLINE_SECONDS = 60


def client(deployment: Deployment, service: str) -> Any:
    """Creates a client of a service of the embedded AWS."""
    return deployment.aws.session().client(service, endpoint_url=deployment.aws.url)  # type: ignore[call-overload]


def settings(deployment: Deployment) -> Settings:
    return load(deployment.variables["LANGFUSE_ENV"])


def answer(deployment: Deployment, *arguments: str, code: int = 0, stdin: str = "") -> Any:
    """Runs the command with ``--json`` and returns the parsed output."""
    ran = ops_in_process(*arguments, "--json", environment=deployment.environment, stdin=stdin)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return json.loads(ran.stdout)


def said(deployment: Deployment, *arguments: str) -> str:
    """Runs the command and returns its plain text output."""
    ran = ops_in_process(*arguments, environment=deployment.environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def eventually(look: Callable[[], Any]) -> Any:
    """Calls ``look`` until it returns a true value, and returns that."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (result := look()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return result


def services(deployment: Deployment) -> dict[str, Any]:
    """Returns the descriptions of the services from ECS, by the names ``web`` and ``worker``."""
    outputs = deployment.outputs()["services"]
    names = {service: outputs[f"{service}_service_name"] for service in ("web", "worker")}
    described = client(deployment, "ecs").describe_services(
        cluster=outputs["cluster_name"], services=list(names.values())
    )["services"]
    by_name = {service["serviceName"]: service for service in described}
    return {service: by_name[name] for service, name in names.items()}


def tasks(deployment: Deployment, service: str) -> list[Any]:
    """Returns the descriptions of a service's running tasks."""
    ecs, of = client(deployment, "ecs"), services(deployment)[service]
    arns = ecs.list_tasks(cluster=of["clusterArn"], serviceName=of["serviceName"])["taskArns"]
    described: list[Any] = ecs.describe_tasks(cluster=of["clusterArn"], tasks=arns)["tasks"] if arns else []
    return described


def test_the_state_bucket_is_as_bootstrap_made_it(deployment: Deployment) -> None:
    assert set(answer(deployment, "bootstrap")["points"].values()) == {"ok"}


def test_outputs_are_those_of_the_deploy(deployment: Deployment) -> None:
    assert answer(deployment, "outputs") == deployment.outputs()
    shown = said(deployment, "outputs")
    assert all(name in shown for outputs in deployment.outputs().values() for name in outputs)


def test_status_shows_everything_that_runs(deployment: Deployment) -> None:
    rows = {row["what"]: row for row in answer(deployment, "status")}
    assert rows["web"]["state"] == rows["worker"]["state"] == "COMPLETED"
    wanted = services(deployment)["web"]["desiredCount"]
    assert f"{wanted} of {wanted} running" in rows["web"]["detail"]
    # Without Docker, the embedded AWS's tasks have no address to register.
    assert rows["load balancer's targets"]["state"] == "0 of 0 healthy"
    assert rows["PostgreSQL"]["state"] == "available"
    assert rows["Redis"]["state"] == "available"
    assert (
        rows["ClickHouse"]["state"] == {"ec2": "running", "external": "external"}[settings(deployment).clickhouse.mode]
    )
    assert rows["alarms"]["state"] == "none in ALARM"
    assert {"queue ingestion", "queue otel_ingestion"} <= rows.keys()
    assert settings(deployment).prefix in said(deployment, "status")


def test_the_page_of_the_status_shows_all_and_no_secret(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "status.html"
    assert said(deployment, "status", "--html", str(file)) == f"{file} is written: open it in a browser.\n"
    page = file.read_text()
    cloudwatch, prefix = client(deployment, "cloudwatch"), settings(deployment).prefix
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        assert f'<th scope="row">{alarm["AlarmName"].removeprefix(f"{prefix}-")}</th>' in page
    body = cloudwatch.get_dashboard(DashboardName=settings(deployment).global_prefix)["DashboardBody"]
    for widget in json.loads(body)["widgets"]:
        assert f"<h3>{widget['properties']['title'].partition(' (')[0]}</h3>" in page
    (picture,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    secrets = {name: value for name, value in secret_values(deployment.aws).items() if value != PLACEHOLDER}
    assert len(secrets) >= 5
    for name, value in secrets.items():
        assert value not in page + b64decode(picture).decode(), f"{name} is in the page"


@dev
def test_clickhouse_tells_what_fills_it(deployment: Deployment) -> None:
    summary = {"version": "26.4.1.1141", "total_bytes": 100, "free_bytes": 58, "merges": 0, "oldest_merge_seconds": 0}
    mutations = {"mutations": 0, "oldest_mutation_seconds": 0, "mutation_error": ""}
    largest = {"database": "default", "table": "traces", "rows": 7, "bytes": 8, "parts": 3}
    answers = ({**summary, **mutations}, {**largest, "max_parts_per_partition": 2})
    deployment.aws.answer_as_clickhouse(*(f"{json.dumps(row)}\n" for row in answers))
    report = answer(deployment, "clickhouse", "report")
    # For the other tests, no ClickHouse runs.
    deployment.aws.answer_as_clickhouse()
    assert report["tables"] == [{**largest, "max_parts_per_partition": 2}]
    assert report["forecast"]["days_until_full"] is None
    down = ops_in_process("clickhouse", "report", environment=deployment.environment)
    assert_one_line(down, "Connection refused (localhost:9000)")


@dev
def test_the_file_system_of_clickhouse_fills_its_volume_after_a_deploy(deployment: Deployment) -> None:
    size = settings(deployment).clickhouse.volume_gib
    grown = answer(deployment, "clickhouse", "grow", "--apply")
    assert grown["volume_gib"] == grown["file_system_gib_before"] == grown["file_system_gib_after"] == size


@prod
def test_an_external_clickhouse_is_not_looked_into(deployment: Deployment) -> None:
    for command in ("report", "grow"):
        ran = ops_in_process("clickhouse", command, environment=deployment.environment)
        assert_one_line(ran, "prod has clickhouse.mode = external")


@dev
def test_what_is_deployed_costs_what_the_synthesized_stacks_say(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules count the provider's values as they count Terraform JSON."""
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    states = load_environment().states
    deployed = month(
        Resources(
            Resource(stack, item.address, item.type, item.attributes)
            for stack in states.stacks()
            if (state := states.read(stack))
            for item in state.resources
        ),
        prices_of(settings(deployment).region),
        Usage(),
    )
    said = answer(deployment, "cost")
    assert deployed.uncounted == {}
    assert {part: round(usd, 2) for part, usd in deployed.parts().items()} == said["parts"]
    assert round(deployed.total, 2) == said["usd_a_month"]


@dev
def test_status_says_that_nobody_measures_the_queues(deployment: Deployment) -> None:
    environment = {**deployment.environment, "LANGFUSE_AWS__ALARMS__QUEUE_METRICS": "false"}
    shown = ops_in_process("status", "--json", environment=environment)
    details = {row["what"]: row["detail"] for row in json.loads(shown.stdout)}
    assert "alarms.queue_metrics" in details["queues"]
    assert "queue ingestion" not in details


@operated_dev
def test_status_shows_what_is_wrong(deployment: Deployment) -> None:
    cloudwatch, ecs = client(deployment, "cloudwatch"), client(deployment, "ecs")
    alarm = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmName"]
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="test")
    metric = "langfuse.queue.ingestion.depth.shard_all.type_waiting"
    cloudwatch.put_metric_data(Namespace="Langfuse", MetricData=[{"MetricName": metric, "Value": 4711}])
    cluster = deployment.outputs()["services"]["cluster_name"]
    (task, *_) = ecs.list_tasks(cluster=cluster, serviceName=services(deployment)["worker"]["serviceName"])["taskArns"]
    stop(deployment, task, exit_code=137, reason="OutOfMemoryError: container killed")
    elb, (balancer,) = client(deployment, "elbv2"), services(deployment)["web"]["loadBalancers"]
    target = {"TargetGroupArn": balancer["targetGroupArn"], "Targets": [{"Id": "10.0.2.10", "Port": 3000}]}
    elb.register_targets(**target)
    rds, id_ = client(deployment, "rds"), deployment.outputs()["data"]["database_id"]
    (database,) = rds.describe_db_instances()["DBInstances"]
    rds.modify_db_instance(DBInstanceIdentifier=id_, DBInstanceClass="db.m7g.large")
    rows = {row["what"]: row for row in answer(deployment, "status")}
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="test")
    elb.deregister_targets(**target)
    rds.modify_db_instance(DBInstanceIdentifier=id_, DBInstanceClass=database["DBInstanceClass"], ApplyImmediately=True)
    assert rows["PostgreSQL's changes"]["detail"].startswith("DBInstanceClass db.m7g.large; maintenance window ")
    assert rows[alarm]["state"] == "ALARM"
    assert "alarms" not in rows
    assert rows["load balancer's targets"]["state"] == "1 of 1 healthy"
    assert rows["queue ingestion"]["state"] == "4711 waiting"
    assert rows["worker's last stopped task"]["detail"].endswith("OutOfMemoryError: container killed, exit code 137")


def stop(deployment: Deployment, task: str, *, exit_code: int, reason: str) -> None:
    """Reports to ECS that the container of a task has exited."""
    client(deployment, "ecs").submit_task_state_change(
        cluster=deployment.outputs()["services"]["cluster_name"],
        task=task,
        status="STOPPED",
        reason="Essential container in task exited",
        containers=[{"containerName": "any", "exitCode": exit_code, "reason": reason, "status": "STOPPED"}],
    )


def test_scale_shows_the_present_counts(deployment: Deployment) -> None:
    """``ops scale`` without arguments changes nothing."""
    counts = {
        name: {"running": service["runningCount"], "desired": service["desiredCount"]}
        for name, service in services(deployment).items()
    }
    assert answer(deployment, "scale") == counts
    shown = said(deployment, "scale")
    assert all(name in shown for name in ("web", "worker", "desired"))


@dev
def test_what_can_not_be_asked_for_hides_nothing_else(deployment: Deployment) -> None:
    environment = {**deployment.environment, "AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:9"}
    shown = ops("status", "--json", environment=environment)
    rows = {row["what"]: row for row in json.loads(shown.stdout)}
    assert rows["services"]["state"] == "unknown"
    assert "127.0.0.1:9" in rows["services"]["detail"]
    assert rows["PostgreSQL"]["state"] == "available"
    examined = ops("doctor", "--json", environment=environment)
    assert examined.returncode == 1
    findings = {finding["check"]: finding for finding in json.loads(examined.stdout)}
    assert findings["services"]["verdict"] == "not checked"
    assert findings["ENCRYPTION_KEY is 64 hex digits"]["verdict"] == "ok"


@dev
def test_doctor_finds_nothing_after_a_deploy(deployment: Deployment) -> None:
    findings = answer(deployment, "doctor")
    assert {f"{name} fits Langfuse" for name in ("ClickHouse", "PostgreSQL", "Redis")} <= {
        finding["check"] for finding in findings
    }
    assert {finding["verdict"] for finding in findings} == {"ok"}


@operated_dev
def test_doctor_finds_what_was_broken_and_a_deploy_fixes_it(deployment: Deployment) -> None:
    outputs = {name: value for values in deployment.outputs().values() for name, value in values.items()}
    secrets, logs = client(deployment, "secretsmanager"), client(deployment, "logs")
    key = outputs["encryption_key_secret_name"]
    broken = {key: "no-hex-digits", outputs["clickhouse_url_secret_name"]: "clickhouse.example.com"}
    good = {name: secrets.get_secret_value(SecretId=name)["SecretString"] for name in broken}
    # The embedded AWS dates tasks and secrets by whole seconds. The worker's task is new, since a test has stopped one.
    eventually(
        lambda: {task["createdAt"].timestamp() < int(time.time()) for task in tasks(deployment, "worker")} == {True}
    )
    for name, value in broken.items():
        secrets.put_secret_value(SecretId=name, SecretString=value)
    close_the_database(deployment)
    evict_keys(deployment)
    forbid_secrets(deployment)
    move_web(deployment)
    write(deployment, "web", "web/web/test", "error: Dirty database version 7. Fix and force version.")
    write(deployment, "web", "web/web/test", "P1001: Can't reach database server")
    deleted = delete_by_hand(deployment)

    failed = {
        finding["check"]: finding for finding in answer(deployment, "doctor", code=1) if finding["verdict"] != "ok"
    }
    assert set(failed) == {
        "resources of the state",
        "web may reach the database",
        "worker may reach the database",
        "web may read its secrets",
        # Not web, whose tasks are new since its address was changed.
        "worker has the present secrets",
        "NEXTAUTH_URL is the public address",
        "CLICKHOUSE_URL",
        "ENCRYPTION_KEY is 64 hex digits",
        "Redis never evicts a key",
        "no dirty migration",
        "no database out of reach",
    }
    assert all(finding["remedy"] for finding in failed.values())
    assert "no-hex-digits" not in json.dumps(failed)
    missing = failed["resources of the state"]["evidence"]
    assert all(f"({id_})" in missing for id_ in deleted), missing

    for name, value in good.items():
        secrets.put_secret_value(SecretId=name, SecretString=value)
    logs.delete_log_stream(logGroupName=outputs["web_log_group_name"], logStreamName="web/web/test")
    assert deployment.deploy() == 0
    said(deployment, "redeploy", "--apply")
    assert {finding["verdict"] for finding in answer(deployment, "doctor")} == {"ok"}


def delete_by_hand(deployment: Deployment) -> list[str]:
    """Deletes a log group, the alarms' topic, an alarm and a role, and returns their import IDs."""
    names = ("logs", "sns", "cloudwatch", "iam")
    logs, sns, cloudwatch, iam = (client(deployment, name) for name in names)
    group = f"/aws/rds/instance/{deployment.outputs()['data']['database_id']}/upgrade"
    logs.delete_log_group(logGroupName=group)
    (topic,) = sns.list_topics()["Topics"]
    sns.delete_topic(TopicArn=topic["TopicArn"])
    alarm = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmName"]
    cloudwatch.delete_alarms(AlarmNames=[alarm])
    role = f"{settings(deployment).prefix}-flow-logs"
    iam.delete_role_policy(RoleName=role, PolicyName="write-logs")
    iam.delete_role(RoleName=role)
    return [group, topic["TopicArn"], alarm, role, f"{role}:write-logs"]


def close_the_database(deployment: Deployment) -> None:
    """Removes the ingress rules of the database's security group."""
    ec2, rds = client(deployment, "ec2"), client(deployment, "rds")
    (database,) = rds.describe_db_instances()["DBInstances"]
    (group,) = [group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    ids = [rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"]]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids)


def evict_keys(deployment: Deployment) -> None:
    """Sets an eviction policy with which Redis can lose jobs."""
    cache = client(deployment, "elasticache")
    (group,) = {
        cluster["CacheParameterGroup"]["CacheParameterGroupName"]
        for cluster in cache.describe_cache_clusters()["CacheClusters"]
    }
    cache.modify_cache_parameter_group(
        CacheParameterGroupName=group,
        ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}],
    )


def forbid_secrets(deployment: Deployment) -> None:
    """Denies web's execution role access to the secrets."""
    iam, ecs = client(deployment, "iam"), client(deployment, "ecs")
    definition = ecs.describe_task_definition(taskDefinition=services(deployment)["web"]["taskDefinition"])
    role = definition["taskDefinition"]["executionRoleArn"].rpartition("/")[2]
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            if "secretsmanager:GetSecretValue" in statement["Action"]:
                statement["Effect"] = "Deny"
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def move_web(deployment: Deployment) -> None:
    """Updates web to a task definition with another ``NEXTAUTH_URL``."""
    ecs, web = client(deployment, "ecs"), services(deployment)["web"]
    definition = ecs.describe_task_definition(taskDefinition=web["taskDefinition"])["taskDefinition"]
    for variable in definition["containerDefinitions"][0]["environment"]:
        if variable["name"] == "NEXTAUTH_URL":
            variable["value"] = "http://localhost:3000"
    names = ("taskRoleArn", "executionRoleArn", "networkMode", "requiresCompatibilities", "cpu", "memory", "family")
    moved = ecs.register_task_definition(
        containerDefinitions=definition["containerDefinitions"], **{name: definition[name] for name in names}
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=web["clusterArn"], service=web["serviceName"], taskDefinition=moved)
    eventually(lambda: {task["taskDefinitionArn"] for task in tasks(deployment, "web")} == {moved})
    ecs.deregister_task_definition(taskDefinition=moved)


@operated
def test_scale_to_none_and_back(deployment: Deployment) -> None:
    current, lowest = services(deployment)["worker"]["desiredCount"], settings(deployment).worker.min_tasks
    assert "Nothing was changed" in said(deployment, "scale", "worker=0")
    assert services(deployment)["worker"]["desiredCount"] == current

    assert answer(deployment, "scale", "worker=0", "--apply")["worker"] == {"from": current, "to": 0, "changed": True}
    assert services(deployment)["worker"]["runningCount"] == 0
    assert set(suspended(deployment).values()) == {True}
    assert "Nothing to do" in said(deployment, "scale", "worker=0")
    assert "Nothing had to change." in said(deployment, "scale", "worker=0", "--apply")
    assert "has no tasks to replace" in said(deployment, "redeploy", "worker", "--apply")

    assert answer(deployment, "scale", f"worker={lowest}", "--apply")["worker"]["changed"]
    assert services(deployment)["worker"]["runningCount"] == lowest
    assert set(suspended(deployment).values()) == {False}
    assert "Nothing had to change." in said(deployment, "scale", f"worker={lowest}", "--apply")
    highest = settings(deployment).worker.max_tasks
    ran = ops("scale", f"worker={highest + 1}", "--apply", environment=deployment.environment)
    assert_one_line(ran, f"between {lowest} and {highest}", "worker.max_tasks")


def suspended(deployment: Deployment) -> dict[str, bool]:
    """Returns whether the worker's autoscaling is suspended, by kind of scaling."""
    autoscaling = client(deployment, "application-autoscaling")
    targets = autoscaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    name = services(deployment)["worker"]["serviceName"]
    (worker,) = [target for target in targets if target["ResourceId"].endswith(f"/{name}")]
    return dict(worker["SuspendedState"])


def newest_deployments(deployment: Deployment) -> dict[str, str]:
    """Returns the ids of the newest ECS deployments of web and worker."""
    return {name: service["deployments"][0]["id"] for name, service in services(deployment).items()}


@operated
def test_redeploy_replaces_the_tasks(deployment: Deployment) -> None:
    before = newest_deployments(deployment)
    assert "Nothing was changed" in said(deployment, "redeploy")
    assert newest_deployments(deployment) == before
    assert answer(deployment, "redeploy", "--apply") == {"web": "replaced", "worker": "replaced"}
    after = newest_deployments(deployment)
    assert all(after[service] != before[service] for service in before)


@dev
def test_clickhouse_on_an_instance_keeps_its_own_secrets(deployment: Deployment) -> None:
    ran = ops("clickhouse", "set", "--from", "-", environment=deployment.environment, stdin=lines(CLICKHOUSE))
    assert_one_line(ran, "clickhouse.mode = ec2")


def lines(values: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


@prod
def test_an_external_clickhouse_is_made_known(deployment: Deployment) -> None:
    placeholders = {finding["check"] for finding in answer(deployment, "doctor", code=1) if finding["verdict"] != "ok"}
    assert placeholders == set(CLICKHOUSE) - {"CLICKHOUSE_DB", "CLICKHOUSE_MIGRATION_SSL"}

    arguments = ["clickhouse", "set", "--from", "-"]
    wrong = ops(
        *arguments,
        "--apply",
        environment=deployment.environment,
        stdin=lines({**CLICKHOUSE, "CLICKHOUSE_MIGRATION_URL": "clickhouse://not-shown:8123"}),
    )
    assert wrong.returncode == 2
    assert "not-shown" not in wrong.stderr
    dry = answer(deployment, *arguments, stdin=lines(CLICKHOUSE))
    assert list(dry["secrets"].values()).count("would be set") == len(placeholders)
    assert answer(deployment, "doctor", code=1)
    ran = ops(*arguments, "--apply", environment=deployment.environment, stdin=lines(CLICKHOUSE))
    assert ran.returncode == 0, ran.stderr
    assert "ops redeploy --apply" in ran.stdout
    assert CLICKHOUSE["CLICKHOUSE_PASSWORD"] not in ran.stdout + ran.stderr
    again = answer(deployment, *arguments, "--apply", stdin=lines(CLICKHOUSE))
    assert set(again["secrets"].values()) == {"unchanged"}
    old = {finding["check"] for finding in answer(deployment, "doctor", code=1) if finding["verdict"] != "ok"}
    assert old == {"web has the present secrets", "worker has the present secrets"}
    said(deployment, "redeploy", "--apply")
    assert {finding["verdict"] for finding in answer(deployment, "doctor")} == {"ok"}


@operated_dev
def test_logs_are_printed_and_followed(deployment: Deployment) -> None:
    stream = "worker/worker/0123456789abcdef"
    write(deployment, "worker", stream, "an earlier line")
    assert "01234567 an earlier line\n" in said(deployment, "logs", "worker")
    following = subprocess.Popen(
        [sys.executable, "-u", "-m", "ops", "logs", "worker", "--follow"],
        cwd=PROJECT,
        env=deployment.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with following:
        assert following.stdout is not None
        assert "an earlier line" in following.stdout.readline()
        write(deployment, "worker", stream, "a later line")
        assert "a later line" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
    assert following.returncode == 130


@operated_dev
def test_errors_and_levels_are_found_in_langfuses_json(deployment: Deployment) -> None:
    error = '{"level":"error","message":"ClickhouseWriter.flush traces","timestamp":"2026-11-26T08:00:00.000Z"}'
    warning = error.replace('"error"', '"warn"').replace("flush", "retry")
    migration = "Error: P1001: Can't reach database server at `langfuse:5432`"
    for line in (error, warning, migration, '{"level":"info","message":"0 errors, no ERROR"}'):
        write(deployment, "web", "web/web/levels", line)
    stamped = [line.split(" ", 2) for line in said(deployment, "logs", "web", "--errors").splitlines()]
    of_level = said(deployment, "logs", "web", "--filter", '{ $.level = "warn" }')
    client(deployment, "logs").delete_log_stream(
        logGroupName=deployment.outputs()["services"]["web_log_group_name"], logStreamName="web/web/levels"
    )
    assert [line for _, task, line in stamped if task == "levels"] == [error, migration]
    assert [line.split(" ", 2)[2] for line in of_level.splitlines()] == [warning]


@operated_dev
def test_rows_that_the_worker_drops_raise_an_alarm(deployment: Deployment) -> None:
    alarm = f"{settings(deployment).prefix}-dropped-rows"
    assert alarm not in said(deployment, "status")
    dropped = [{"project_id": "cm0123456789abcdefghijklm", "trace_id": "0123456789abcdef", "id": "0123456789abcdef"}]
    message = "ClickhouseWriter: Max attempts reached, dropped 1 events_full record(s)"
    write(
        deployment,
        "worker",
        "worker/worker/dropped",
        json.dumps({"droppedIds": dropped, "level": "error", "message": message}),
    )
    rows = {row["what"]: row for row in answer(deployment, "status")}
    client(deployment, "cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="test")
    assert rows[alarm]["state"] == "ALARM"
    assert "ops logs worker --errors" in rows[alarm]["detail"]


def write(deployment: Deployment, service: str, stream: str, message: str) -> None:
    """Writes a line to a log stream of the service."""
    logs, group = client(deployment, "logs"), deployment.outputs()["services"][f"{service}_log_group_name"]
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": message}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


@operated_dev
@pytest.mark.parametrize(
    ("version", "exit_code", "says"),
    [("4.98.0", 1, "the services still run the old version"), ("4.99.0", 0, 'langfuse.version = "4.99.0"')],
)
def test_upgrade_migrates_in_a_task_of_its_own(deployment: Deployment, version: str, exit_code: int, says: str) -> None:
    ecs, web = client(deployment, "ecs"), services(deployment)["web"]
    assert "add --apply" in said(deployment, "upgrade", version)
    assert "Nothing to do." in said(deployment, "upgrade", settings(deployment).langfuse.version)
    assert_one_line(ops("upgrade", "3.225.7", environment=deployment.environment), "can't be undone")

    migrated: list[dict[str, Any]] = []

    def migrate() -> None:
        def started() -> list[str]:
            return list(ecs.list_tasks(cluster=web["clusterArn"], family="langfuse-dev-web-migration")["taskArns"])

        (task,) = eventually(started)
        write(
            deployment, "web", f"LangfuseWeb/{web['serviceName']}/{task.rpartition('/')[2]}", "what the migration said"
        )
        (described,) = ecs.describe_tasks(cluster=web["clusterArn"], tasks=[task])["tasks"]
        migrated.append(ecs.describe_task_definition(taskDefinition=described["taskDefinitionArn"])["taskDefinition"])
        stop(deployment, task, exit_code=exit_code, reason="Essential container in task exited")

    migration = threading.Thread(target=migrate)
    migration.start()
    ran = ops("upgrade", version, "--apply", environment=deployment.environment)
    migration.join()
    assert ran.returncode == exit_code, ran.stdout + ran.stderr
    assert says in ran.stdout + ran.stderr
    assert "what the migration said" in ran.stdout
    (container,) = migrated[0]["containerDefinitions"]
    assert container["image"].endswith(f":{version}")
    assert container["command"] == ["true"]
    assert services(deployment)["web"]["taskDefinition"] == web["taskDefinition"]
    active = ecs.list_task_definitions(familyPrefix=migrated[0]["family"], status="ACTIVE")["taskDefinitionArns"]
    assert active == []
    if exit_code == 0:
        assert "It has done so already." in said(deployment, "upgrade", version, "--apply")


def test_a_plan_of_what_is_deployed_is_empty(second_plan: Planned) -> None:
    assert second_plan.ran.returncode == 0, second_plan.ran.stderr
    assert second_plan.ran.stdout.startswith("### ✅ No changes\n")


@operated_dev
def test_only_the_plan_that_was_reviewed_is_applied(deployment: Deployment) -> None:
    changed = {"LANGFUSE_AWS__LOG_RETENTION_DAYS": "3"}
    picture = deployment.folder / "plan.svg"
    planned = plan(deployment, "planned", "--picture", str(picture), **changed)
    assert planned.ran.returncode == 0, planned.ran.stderr
    assert "- change `aws_cloudwatch_log_group.web_logs" in planned.ran.stdout
    assert re.findall(r'<g class="(\w+)"><title>([\w ]+):', picture.read_text()) == [("changed", "CloudWatch")]
    applied = make(deployment, "apply", uploaded(planned.folder), **changed)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert applied.stdout == "network: applied\ndata: applied\nservices: applied\n"
    assert "ops: applying data, stack 2 of 3\n" in applied.stderr
    assert plan(deployment, **changed).ran.stdout.startswith("### ✅ No changes\n")

    undone = plan(deployment)
    assert undone.ran.returncode == 0
    assert make(deployment, "apply", undone.folder).returncode == 0
    again = make(deployment, "apply", undone.folder)
    assert again.returncode != 0
    assert "Saved plan is stale" in again.stderr
    assert again.stdout == ""
    assert_last_line(again, "terraform apply failed in", "stacks/network: see above")


def uploaded(outdir: Path) -> Path:
    """Copies the files that the workflow uploads for its apply job, and returns the folder of the copies."""
    workflow = yaml.safe_load((PROJECT / ".github/workflows/deploy-environment.yml").read_text())
    (paths,) = [
        step["with"]["path"] for step in workflow["jobs"]["plan"]["steps"] if "upload-artifact" in step.get("uses", "")
    ]
    copy = outdir.with_name("uploaded")
    for pattern in paths.split():
        for file in outdir.glob(pattern.removeprefix("cdktf.out/")):
            target = copy / file.relative_to(outdir)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    return copy


@operated_dev
def test_a_refused_plan_can_not_be_applied(deployment: Deployment) -> None:
    assert plan(deployment).ran.returncode == 0
    addresses = in_data_stack(deployment, "state", "list").split()
    (bucket,) = [address for address in addresses if address.startswith("aws_s3_bucket.")]
    in_data_stack(deployment, "taint", bucket)
    try:
        planned = plan(deployment)
        assert planned.ran.returncode == 3, planned.ran.stderr
        assert f"- `{bucket}` is replaced\n" in planned.ran.stdout
        applied = make(deployment, "apply", planned.folder)
        assert applied.returncode != 0
        assert_last_line(applied, "there is no plan to apply: run `make plan`")
    finally:
        in_data_stack(deployment, "untaint", bucket)


def in_data_stack(deployment: Deployment, *arguments: str) -> str:
    """Runs Terraform in the data stack's folder of the last plan, and returns its output."""
    ran = subprocess.run(
        [TERRAFORM, *arguments],
        cwd=deployment.folder / "planned" / "stacks" / "data",
        env=deployment.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stdout


def make(deployment: Deployment, target: str, outdir: Path, **changed: str) -> Ran:
    # A make that runs the tests would pass on its own arguments.
    environment = {name: value for name, value in deployment.environment.items() if name != "MAKEFLAGS"}
    return subprocess.run(
        ["make", "--silent", target],
        cwd=PROJECT,
        env={**environment, **changed, "CDKTF_OUTDIR": str(outdir)},
        capture_output=True,
        text=True,
        check=False,
    )


def assert_last_line(ran: Ran, *parts: str) -> None:
    """Asserts that ``ops`` wrote one error line to stderr, and that it has all ``parts``."""
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("ops: ") and "applying" not in line]
    for part in parts:
        assert part in line
