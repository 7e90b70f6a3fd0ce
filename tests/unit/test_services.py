"""Tests of the services stack: web, worker, the public endpoint, roles, scaling and alarms."""

import json
from typing import Any

import pytest

from tests.environments import ENVIRONMENTS, EXTERNAL, RUNNING
from tests.synthesis import SynthesizedStack, app

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
    "LANGFUSE_S3_BATCH_EXPORT_ENABLED",
    "LANGFUSE_S3_BATCH_EXPORT_BUCKET",
    "LANGFUSE_S3_BATCH_EXPORT_REGION",
    "LANGFUSE_S3_BATCH_EXPORT_PREFIX",
    "HOSTNAME",
    "KEEP_ALIVE_TIMEOUT",
    "NODE_OPTIONS",
    "AWS_REGION",
    "LANGFUSE_LOG_FORMAT",
}
WORKER_VARIABLES = WEB_VARIABLES - {"KEEP_ALIVE_TIMEOUT"} | {"ENABLE_AWS_CLOUDWATCH_METRIC_PUBLISHING"}
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
        prefixes = [value for key, value in values.items() if key.endswith("_PREFIX")]
        assert sorted(prefixes) == ["events/", "exports/", "media/"]
    balancer = services.resource("aws_lb")
    assert int(variables(services, "web")["KEEP_ALIVE_TIMEOUT"]) > balancer["idle_timeout"] * 1000


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_both_images_are_pinned_to_one_version(environment: str) -> None:
    services = app(environment)["services"]
    assert container(services, "web")["image"] == "langfuse/langfuse:4.16.0"
    assert container(services, "worker")["image"] == "langfuse/langfuse-worker:4.16.0"


def test_more_variables_and_secrets_reach_both_containers() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:smtp-AbCdEf"
    services = app(
        "dev",
        {
            "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__AUTH_DISABLE_SIGNUP": "true",
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


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_first_start_is_one_task_and_web_before_worker(environment: str) -> None:
    services = app(environment, RUNNING)["services"]
    (web_name,) = [name for name in services.resources("aws_ecs_service") if name.startswith("web")]
    for name in ("web", "worker"):
        assert service(services, name)["desired_count"] == 1
        assert service(services, name)["wait_for_steady_state"] is True
    assert f"aws_ecs_service.{web_name}" in service(services, "worker")["depends_on"]


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
    tracking = {
        name.split("-")[0]: policy["target_tracking_scaling_policy_configuration"]
        for name, policy in services.resources("aws_appautoscaling_policy").items()
    }
    assert tracking["web"]["target_value"] == 50
    metrics = tracking["worker"]["customized_metric_specification"]["metrics"]
    followed = {m["metric_stat"]["metric"]["metric_name"] for m in metrics if "metric_stat" in m}
    assert followed == {
        "langfuse.queue.otel_ingestion.depth.shard_all.type_waiting",
        "langfuse.queue.ingestion.depth.shard_all.type_waiting",
        "RunningTaskCount",
    }


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
    assert metrics["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Langfuse"}}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("name", ["web", "worker"])
def test_ecs_may_read_just_the_containers_secrets(environment: str, name: str) -> None:
    services = app(environment)["services"]
    reading, logging = statements(services, f"{name}_execution-role")
    assert reading["Action"] == ["secretsmanager:GetSecretValue"]
    assert set(reading["Resource"]) == set(secrets(services, name).values())
    assert logging["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


@pytest.mark.parametrize("stack", ["network", "data", "services"])
def test_no_policy_allows_everything(stack: str) -> None:
    for policy in app()[stack].resources("aws_iam_role_policy").values():
        for statement in json.loads(policy["policy"])["Statement"]:
            assert not any(action == "*" or action.endswith(":*") for action in statement["Action"])
            if "*" in statement["Resource"]:
                assert statement["Condition"]


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
    }


def test_the_alarm_on_running_tasks_is_quiet_until_there_should_be_any() -> None:
    for overrides, missing in ((EXTERNAL, "notBreaching"), (EXTERNAL | RUNNING, "breaching")):
        services = app("prod", overrides)["services"]
        alarm = services.resource("aws_cloudwatch_metric_alarm", alarm_name="langfuse-prod-web-running")
        assert alarm["treat_missing_data"] == missing


def test_the_dashboard_is_valid_json_with_nine_graphs() -> None:
    body = json.loads(app()["services"].resource("aws_cloudwatch_dashboard")["dashboard_body"])
    assert len(body["widgets"]) == 9


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


def test_a_given_certificate_is_used() -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
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
