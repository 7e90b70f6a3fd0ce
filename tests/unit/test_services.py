"""Tests of the services stack: web, worker, the public endpoint, roles, scaling and alarms."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import assert_one_line
from tests.environments import ENVIRONMENTS, EXTERNAL, RUNNING
from tests.synthesis import SynthesizedStack, app

UUID = "01234567-89ab-cdef-0123-456789abcdef"
WEB_VARIABLES = {
    "NEXTAUTH_URL",
    "REDIS_CONNECTION_STRING",
    "CLICKHOUSE_CLUSTER_ENABLED",
    "LANGFUSE_S3_EVENT_UPLOAD_BUCKET",
    "LANGFUSE_S3_EVENT_UPLOAD_REGION",
    "LANGFUSE_S3_EVENT_UPLOAD_PREFIX",
    "LANGFUSE_S3_MEDIA_UPLOAD_BUCKET",
    "LANGFUSE_S3_MEDIA_UPLOAD_REGION",
    "LANGFUSE_S3_MEDIA_UPLOAD_PREFIX",
    "LANGFUSE_S3_BATCH_EXPORT_BUCKET",
    "LANGFUSE_S3_BATCH_EXPORT_REGION",
    "HOSTNAME",
    "KEEP_ALIVE_TIMEOUT",
    "NODE_OPTIONS",
    "AWS_REGION",
    "LANGFUSE_LOG_FORMAT",
}
WORKER_VARIABLES = WEB_VARIABLES - {"KEEP_ALIVE_TIMEOUT"} | {
    "ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING",
    "LANGFUSE_S3_BATCH_EXPORT_ENABLED",
    "LANGFUSE_S3_BATCH_EXPORT_PREFIX",
}
WORKER_SECRETS = {
    "DATABASE_URL",
    "SALT",
    "ENCRYPTION_KEY",
    "CLICKHOUSE_URL",
    "CLICKHOUSE_USER",
    "CLICKHOUSE_PASSWORD",
    "CLICKHOUSE_DB",
}
WEB_SECRETS = WORKER_SECRETS | {"NEXTAUTH_SECRET", "CLICKHOUSE_MIGRATION_URL", "CLICKHOUSE_MIGRATION_SSL"}


def container(services: SynthesizedStack, name: str) -> dict[str, Any]:
    """Returns the container definition of web or worker."""
    definition = next(
        task for task in services.resources("aws_ecs_task_definition").values() if task["family"].endswith(f"-{name}")
    )
    (only_container,) = json.loads(definition["container_definitions"])
    return dict(only_container)


def variables(services: SynthesizedStack, name: str) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(services, name)["environment"]}


def secrets(services: SynthesizedStack, name: str) -> dict[str, str]:
    return {entry["name"]: entry["valueFrom"] for entry in container(services, name)["secrets"]}


def service(services: SynthesizedStack, name: str) -> dict[str, Any]:
    return next(
        candidate
        for candidate in services.resources("aws_ecs_service").values()
        if candidate["name"].endswith(f"-{name}")
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(
    ("name", "expected", "expected_secrets"),
    [("web", WEB_VARIABLES, WEB_SECRETS), ("worker", WORKER_VARIABLES, WORKER_SECRETS)],
)
def test_containers_get_what_langfuse_reads(
    environment: str, name: str, expected: set[str], expected_secrets: set[str]
) -> None:
    services = app(environment)["services"]
    assert set(variables(services, name)) == expected
    assert set(secrets(services, name)) == expected_secrets


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_values_that_langfuse_is_particular_about(environment: str) -> None:
    services = app(environment)["services"]
    for name in ("web", "worker"):
        values = variables(services, name)
        assert values["REDIS_CONNECTION_STRING"].startswith("rediss://")
        assert values["CLICKHOUSE_CLUSTER_ENABLED"] == "false"
        assert values["HOSTNAME"] == "0.0.0.0"
        assert values["NODE_OPTIONS"] == "--max-old-space-size=3072"
    prefixes = {key: value for key, value in variables(services, "worker").items() if key.endswith("_PREFIX")}
    assert sorted(prefixes.values()) == ["events/", "exports/", "media/"]
    assert prefixes.items() - {("LANGFUSE_S3_BATCH_EXPORT_PREFIX", "exports/")} <= variables(services, "web").items()
    balancer = services.resource("aws_lb")
    assert int(variables(services, "web")["KEEP_ALIVE_TIMEOUT"]) > balancer["idle_timeout"] * 1000


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_both_images_are_pinned_to_one_version(environment: str) -> None:
    services = app(environment)["services"]
    assert container(services, "web")["image"] == "docker.langfuse.com/langfuse/langfuse:4.16.0"
    assert container(services, "worker")["image"] == "docker.langfuse.com/langfuse/langfuse-worker:4.16.0"


def test_more_variables_and_secrets_reach_both_containers() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:smtp-AbCdEf"
    services = app(
        "dev",
        {
            "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__AUTH_DISABLE_SIGNUP": "true",
            "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__EMAIL_FROM_ADDRESS": "langfuse@example.com",
            "LANGFUSE_AWS__LANGFUSE__SECRETS__SMTP_CONNECTION_URL": arn,
            "LANGFUSE_AWS__LANGFUSE__SECRETS__SIGN_IN": f"{arn}:key::",
        },
    )["services"]
    for name in ("web", "worker"):
        assert variables(services, name)["AUTH_DISABLE_SIGNUP"] == "true"
        assert secrets(services, name)["SMTP_CONNECTION_URL"] == arn
        assert secrets(services, name)["SIGN_IN"] == f"{arn}:key::"
        # A container may read one key of a secret, but an IAM policy allows the whole secret.
        assert statements(services, f"{name}_execution-role")[0]["Resource"].count(arn) == 1


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tasks_run_on_arm_with_time_to_stop(environment: str) -> None:
    services = app(environment)["services"]
    for task in services.resources("aws_ecs_task_definition").values():
        assert task["runtime_platform"] == {"cpu_architecture": "ARM64", "operating_system_family": "LINUX"}
    for name, probe in {
        "web": "http://127.0.0.1:3000/api/public/health",
        "worker": "http://127.0.0.1:3030/api/health?failIfEventPropagationStuck=true",
    }.items():
        assert container(services, name)["stopTimeout"] == 120
        assert f"'{probe}'" in container(services, name)["healthCheck"]["command"][1]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_logs_have_the_prefixes_that_the_runbooks_name(environment: str) -> None:
    services = app(environment)["services"]
    for name, prefix in {"web": "LangfuseWeb", "worker": "LangfuseWorker"}.items():
        options = container(services, name)["logConfiguration"]["options"]
        assert options["awslogs-stream-prefix"] == prefix


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_web_is_behind_the_load_balancer(environment: str) -> None:
    services = app(environment)["services"]
    (target,) = service(services, "web")["load_balancer"]
    assert target["container_port"] == 3000
    assert "load_balancer" not in service(services, "worker")
    for name in ("web", "worker"):
        assert service(services, name)["network_configuration"]["assign_public_ip"] is False


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_web_is_healthy_by_its_own_readiness(environment: str) -> None:
    targets = app(environment)["services"].resource("aws_lb_target_group")
    assert targets["port"] == 3000
    assert targets["health_check"]["path"] == "/api/public/ready"
    assert targets["deregistration_delay"] == "30"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_starts_on_placeholders(environment: str) -> None:
    services = app(environment, EXTERNAL)["services"]
    assert [each["desired_count"] for each in services.resources("aws_ecs_service").values()] == [0, 0]
    assert not services.resources("aws_appautoscaling_target")


def rollout(services: SynthesizedStack, name: str) -> tuple[str, dict[str, Any]]:
    """Returns the address of the wait for web's or worker's deployment, and the wait."""
    (address,) = [one for one in services.resources("terraform_data") if one.startswith(f"{name}_rollout")]
    return f"terraform_data.{address}", services.resources("terraform_data")[address]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_first_start_is_one_healthy_task_and_web_before_worker(environment: str) -> None:
    services = app(environment, RUNNING)["services"]
    assert [service(services, name)["desired_count"] for name in ("web", "worker")] == [1, 1]
    assert rollout(services, "web")[0] in service(services, "worker")["depends_on"]
    for name in ("web", "worker"):
        target = services.resource(
            "aws_appautoscaling_target", resource_id=f"service/langfuse-{environment}/langfuse-{environment}-{name}"
        )
        assert target["depends_on"] == [rollout(services, name)[0]]


@pytest.mark.parametrize("overrides", [RUNNING, EXTERNAL], ids=["running", "without tasks"])
@pytest.mark.parametrize("name", ["web", "worker"])
def test_an_apply_waits_for_each_change_of_a_service(name: str, overrides: dict[str, str]) -> None:
    services = app("prod", overrides)["services"]
    _, wait = rollout(services, name)
    (changed,) = [one for one in services.resources("aws_ecs_service") if one.startswith(name)]
    (definition,) = [one for one in services.resources("aws_ecs_task_definition") if one.startswith(name)]
    assert wait["lifecycle"]["replace_triggered_by"] == [f"aws_ecs_service.{changed}"]
    assert wait["triggers_replace"] == f"${{aws_ecs_task_definition.{definition}.arn}}"


@pytest.mark.parametrize("found", [True, False])
def test_the_wait_is_a_command_of_this_project(found: bool, tmp_path: Path) -> None:
    """Without it on the PATH, the command says so. Values come in variables, so no shell reads them as commands."""
    _, wait = rollout(app()["services"], "web")
    (provisioner,) = wait["provisioner"]
    if found:
        (tmp_path / "ops").write_text('#!/bin/sh\nfor argument; do echo "$argument"; done\n')
        (tmp_path / "ops").chmod(0o755)
    values = {name: f"{name} $(false); x" for name in provisioner["local-exec"]["environment"]}
    ran = subprocess.run(
        ["/bin/sh", "-c", provisioner["local-exec"]["command"]],
        env={"PATH": str(tmp_path), **values},
        capture_output=True,
        text=True,
        check=False,
    )
    if not found:
        assert_one_line(ran, "no ops on the PATH", ".venv/bin")
        return
    assert ran.returncode == 0, ran.stderr
    command, *arguments = ran.stdout.splitlines()
    options = dict(zip(arguments[0:8:2], arguments[1:8:2], strict=True))
    assert command == "wait"
    assert arguments[8:] == ["--restart-failed"]
    assert options == {f"--{name.lower().replace('_', '-')}": value for name, value in values.items()}


def test_enabling_the_services_replaces_them_and_nothing_else_does() -> None:
    disabled, enabled = app("prod")["services"], app("prod", RUNNING)["services"]
    for name in ("web", "worker"):
        lifecycle = service(enabled, name)["lifecycle"]
        assert lifecycle["ignore_changes"] == ["desired_count"]
        (trigger,) = lifecycle["replace_triggered_by"]
        replacement = trigger.removeprefix("terraform_data.")
        assert disabled.resources("terraform_data")[replacement]["input"] == {"running": False}
        assert enabled.resources("terraform_data")[replacement]["input"] == {"running": True}


@pytest.mark.parametrize(("environment", "web", "worker"), [("dev", (1, 2), (1, 2)), ("prod", (2, 6), (2, 8))])
def test_scaling(environment: str, web: tuple[int, int], worker: tuple[int, int]) -> None:
    services = app(environment, RUNNING)["services"]
    limits = {
        name.split("-")[0]: (target["min_capacity"], target["max_capacity"])
        for name, target in services.resources("aws_appautoscaling_target").items()
    }
    assert limits == {"web": web, "worker": worker}


def scaling(services: SynthesizedStack) -> dict[str, dict[str, Any]]:
    """The configurations of the scaling policies, by the end of their names: ``web-cpu``, for example."""
    return {
        policy["name"].removeprefix("langfuse-dev-"): policy["target_tracking_scaling_policy_configuration"]
        for policy in services.resources("aws_appautoscaling_policy").values()
    }


@pytest.mark.parametrize(
    ("cpu", "memory_mib", "cpu_percent", "requests", "waiting_jobs"),
    [(512, 1024, 50, 250, 50), (1024, 2048, 50, 500, 100), (2048, 4096, 50, 1000, 200), (4096, 8192, 25, 1000, 200)],
)
def test_what_is_expected_of_a_task_depends_on_its_cpu(
    cpu: int, memory_mib: int, cpu_percent: int, requests: int, waiting_jobs: int
) -> None:
    size = {"CPU": str(cpu), "MEMORY_MIB": str(memory_mib)}
    sizes = {f"LANGFUSE_AWS__{name}__{key}": value for name in ("WEB", "WORKER") for key, value in size.items()}
    policies = scaling(app("dev", RUNNING | sizes)["services"])
    assert {name: policy["target_value"] for name, policy in policies.items()} == {
        "web-cpu": cpu_percent,
        "web-requests": requests,
        "worker-cpu": cpu_percent,
        "worker-queues": waiting_jobs,
    }


def test_web_scales_on_the_requests_that_its_target_group_gets() -> None:
    services = app("dev", RUNNING)["services"]
    specification = scaling(services)["web-requests"]["predefined_metric_specification"]
    assert specification["predefined_metric_type"] == "ALBRequestCountPerTarget"
    (balancer,), (targets,) = services.resources("aws_lb"), services.resources("aws_lb_target_group")
    label = f"${{aws_lb.{balancer}.arn_suffix}}/${{aws_lb_target_group.{targets}.arn_suffix}}"
    assert specification["resource_label"] == label


def test_the_worker_scales_on_every_queue_that_more_workers_empty_sooner() -> None:
    """In as many metrics as CloudWatch takes in an alarm, and with nothing that Container Insights publishes."""
    services = app("dev", RUNNING)["services"]
    metrics = scaling(services)["worker-queues"]["customized_metric_specification"]["metrics"]
    followed = [m["metric_stat"] for m in metrics if "metric_stat" in m]
    assert len(followed) == 10
    assert {stat["metric"]["metric_name"] for stat in followed} == {
        f"langfuse.queue.{queue}.depth.shard_all.type_waiting"
        for queue in (
            "otel_ingestion",
            "ingestion",
            "secondary_otel_ingestion",
            "secondary_ingestion",
            "trace_upsert",
            "evaluation_execution",
            "secondary_evaluation_execution",
            "llm_as_a_judge_execution",
            "code_eval_execution",
        )
    }
    assert "RunningTaskCount" not in services.text
    assert services.resource("aws_ecs_cluster")["setting"] == [{"name": "containerInsights", "value": "disabled"}]


def statements(services: SynthesizedStack, role: str) -> list[dict[str, Any]]:
    """Returns the statements of the role's policy."""
    policy = next(policy for name, policy in services.resources("aws_iam_role_policy").items() if name.startswith(role))
    return list(json.loads(policy["policy"])["Statement"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tasks_may_use_just_their_prefixes(environment: str) -> None:
    objects, listing, metrics = statements(app(environment)["services"], "task-role")
    assert [resource.rpartition("}")[2] for resource in objects["Resource"]] == ["/events/*", "/media/*", "/exports/*"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["events/*", "media/*", "exports/*"]}}
    assert metrics["Action"] == ["cloudwatch:PutMetricData"]
    assert metrics["Condition"] == {"StringEquals": {"cloudwatch:namespace": ["Langfuse"]}}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("name", ["web", "worker"])
def test_ecs_may_read_just_the_containers_secrets(environment: str, name: str) -> None:
    services = app(environment)["services"]
    reading, logging = statements(services, f"{name}_execution-role")
    assert reading["Action"] == ["secretsmanager:GetSecretValue"]
    assert set(reading["Resource"]) == set(secrets(services, name).values())
    assert logging["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


WITHOUT_RESOURCES = ("ec2:Describe", "ssm:UpdateInstanceInformation", "ssmmessages:", "tag:GetResources")


@pytest.mark.parametrize("stack", ["network", "data", "services"])
def test_no_policy_allows_everything(stack: str) -> None:
    for policy in app()[stack].resources("aws_iam_role_policy").values():
        for statement in json.loads(policy["policy"])["Statement"]:
            assert not any(action == "*" or action.endswith(":*") for action in statement["Action"])
            if "*" in statement["Resource"]:
                # What has neither a resource nor a condition key is in the table of tests/who_may_what.toml.
                assert statement.get("Condition") or all(
                    action.startswith(WITHOUT_RESOURCES) for action in statement["Action"]
                )


def test_the_services_alarms() -> None:
    names = {alarm["alarm_name"] for alarm in app()["services"].resources("aws_cloudwatch_metric_alarm").values()}
    assert names == {
        "langfuse-dev-web-errors",
        "langfuse-dev-balancer-errors",
        "langfuse-dev-unhealthy",
        "langfuse-dev-web-memory",
        "langfuse-dev-web-running",
        "langfuse-dev-worker-memory",
        "langfuse-dev-worker-running",
        "langfuse-dev-ingestion-queue",
        "langfuse-dev-otel-ingestion-queue",
        "langfuse-dev-dropped-rows",
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_rows_that_the_worker_drops_are_counted_and_alarmed(environment: str) -> None:
    """For the exact text, see the contract with Langfuse; that it matches a line is tested on a deployment."""
    services = app(environment)["services"]
    (counted,) = services.resources("aws_cloudwatch_log_metric_filter").values()
    (group,) = [name for name in services.resources("aws_cloudwatch_log_group") if name.startswith("worker")]
    assert counted["log_group_name"] == f"${{aws_cloudwatch_log_group.{group}.name}}"
    assert counted["pattern"] == '"ClickhouseWriter: Max attempts reached, dropped"'
    transformation = counted["metric_transformation"]
    alarm = services.resource("aws_cloudwatch_metric_alarm", alarm_name=f"langfuse-{environment}-dropped-rows")
    assert (alarm["namespace"], alarm["metric_name"]) == (transformation["namespace"], transformation["name"])
    # One dropped batch, in any minute, is lost data. Minutes without a log line have no data.
    assert (alarm["statistic"], alarm["threshold"], alarm["evaluation_periods"]) == ("Sum", 0, 1)
    assert (transformation["value"], alarm["treat_missing_data"]) == ("1", "notBreaching")


def test_environments_in_one_account_count_their_dropped_rows_apart() -> None:
    names = {
        app(environment)["services"].resource("aws_cloudwatch_log_metric_filter")["metric_transformation"]["name"]
        for environment in ENVIRONMENTS
    }
    assert len(names) == len(ENVIRONMENTS)


def test_without_queue_metrics_nothing_needs_them() -> None:
    services = app("prod", RUNNING | {"LANGFUSE_AWS__ALARMS__QUEUE_METRICS": "false"})["services"]
    assert variables(services, "worker")["ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING"] == "false"
    assert not any("PutMetricData" in action for s in statements(services, "task-role") for action in s["Action"])
    policies = [p["name"] for p in services.resources("aws_appautoscaling_policy").values()]
    assert sorted(policies) == ["langfuse-prod-web-cpu", "langfuse-prod-web-requests", "langfuse-prod-worker-cpu"]
    # Neither an alarm nor the dashboard names a metric that nobody publishes.
    assert "langfuse.queue." not in services.text
    assert "langfuse.queue." in app("prod", RUNNING)["services"].text


@pytest.mark.parametrize(("environment", "least"), [("dev", 1), ("prod", 2)])
@pytest.mark.parametrize("name", ["web", "worker"])
def test_the_alarm_on_running_tasks_counts_the_samples_of_a_minute(environment: str, least: int, name: str) -> None:
    services = app(environment, RUNNING)["services"]
    alarm = services.resource("aws_cloudwatch_metric_alarm", alarm_name=f"langfuse-{environment}-{name}-running")
    assert (alarm["namespace"], alarm["metric_name"]) == ("AWS/ECS", "CPUUtilization")
    assert alarm["dimensions"]["ServiceName"] == f"langfuse-{environment}-{name}"
    assert (alarm["statistic"], alarm["period"]) == ("SampleCount", 60)
    assert (alarm["comparison_operator"], alarm["threshold"]) == ("LessThanThreshold", least)
    # Without a running task there is no sample at all.
    assert alarm["treat_missing_data"] == "breaching"


def test_the_alarm_on_running_tasks_is_quiet_until_there_should_be_any() -> None:
    for overrides, missing in ((EXTERNAL, "notBreaching"), (EXTERNAL | RUNNING, "breaching")):
        services = app("prod", overrides)["services"]
        alarm = services.resource("aws_cloudwatch_metric_alarm", alarm_name="langfuse-prod-web-running")
        assert alarm["treat_missing_data"] == missing


def graphs(environment: str) -> dict[str, dict[str, Any]]:
    """Returns the properties of the dashboard's graphs, by title."""
    body = json.loads(app(environment)["services"].resource("aws_cloudwatch_dashboard")["dashboard_body"])
    return {widget["properties"]["title"]: widget["properties"] for widget in body["widgets"]}


def test_the_dashboard_shows_the_disks_that_there_are() -> None:
    disks = {"PostgreSQL free storage (bytes)", "ClickHouse disk (%)"}
    assert len(graphs("dev")) == 14
    assert graphs("dev").keys() & disks == disks
    of_clickhouse = {graph for graph in graphs("dev") if graph.startswith("ClickHouse ")}
    assert len(of_clickhouse) == 4
    assert graphs("dev").keys() - graphs("prod").keys() == of_clickhouse


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_metric_of_the_dashboard_has_a_label(environment: str) -> None:
    for title, graph in graphs(environment).items():
        labels = [options["label"] for *_, options in graph["metrics"]]
        assert labels, title
        assert len(set(labels)) == len(labels)


def test_browsers_may_upload_media_from_the_app_alone() -> None:
    services = app()["services"]
    (rule,) = services.resource("aws_s3_bucket_cors_configuration")["cors_rule"]
    assert rule["allowed_origins"] == [variables(services, "web")["NEXTAUTH_URL"]]
    assert set(rule["allowed_methods"]) == {"GET", "HEAD", "PUT"}


def listeners(services: SynthesizedStack) -> dict[int, str]:
    """Returns the default actions of the listeners, by port."""
    return {
        listener["port"]: listener["default_action"][0]["type"]
        for listener in services.resources("aws_lb_listener").values()
    }


def test_without_a_domain_the_load_balancer_speaks_http() -> None:
    services = app()["services"]
    assert listeners(services) == {80: "forward"}
    (balancer,) = services.resources("aws_lb")
    assert variables(services, "web")["NEXTAUTH_URL"] == f"http://${{aws_lb.{balancer}.dns_name}}"


def test_a_domain_with_a_zone_gets_certificate_record_and_redirect() -> None:
    services = app(
        "dev",
        {
            "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
            "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z123",
        },
    )["services"]
    assert listeners(services) == {80: "redirect", 443: "forward"}
    assert variables(services, "web")["NEXTAUTH_URL"] == "https://langfuse.example.com"
    assert services.resource("aws_acm_certificate")["domain_name"] == "langfuse.example.com"
    assert services.resource("aws_route53_record", type="A")["zone_id"] == "Z123"


def listener(services: SynthesizedStack, port: int) -> str:
    """Returns the address of the listener at the port."""
    (name,) = [name for name, one in services.resources("aws_lb_listener").items() if one["port"] == port]
    return f"aws_lb_listener.{name}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_web_waits_for_the_listener_that_forwards_and_so_does_the_redirect(environment: str) -> None:
    """ECS refuses a target group that no listener forwards to, and a redirect to a closed port shows nothing."""
    http = app(environment)["services"]
    assert listener(http, 80) in service(http, "web")["depends_on"]
    https = app(
        environment,
        {
            "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
            "LANGFUSE_AWS__DOMAIN__CERTIFICATE_ARN": f"arn:aws:acm:us-east-1:123456789012:certificate/{UUID}",
        },
    )["services"]
    assert listener(https, 443) in service(https, "web")["depends_on"]
    assert https.resource("aws_lb_listener", port=80)["depends_on"] == [listener(https, 443)]


def test_a_given_certificate_is_used() -> None:
    arn = f"arn:aws:acm:us-east-1:123456789012:certificate/{UUID}"
    services = app(
        "dev",
        {"LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com", "LANGFUSE_AWS__DOMAIN__CERTIFICATE_ARN": arn},
    )["services"]
    assert services.resource("aws_lb_listener", port=443)["certificate_arn"] == arn
    assert not services.resources("aws_acm_certificate")
    assert not services.resources("aws_route53_record")


def test_cloudfront_gives_https_without_a_domain() -> None:
    services = app("dev", {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"})["services"]
    (distribution,) = services.resources("aws_cloudfront_distribution")
    url = f"https://${{aws_cloudfront_distribution.{distribution}.domain_name}}"
    assert variables(services, "web")["NEXTAUTH_URL"] == url
    assert listeners(services) == {80: "forward"}
