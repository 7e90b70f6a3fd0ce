"""Tests of the services that take over a part of web's paths or of the worker's queues."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from settings.variables.rules import contract
from tests.environments import ENVIRONMENTS, EXTERNAL, IMAGES, RUNNING, SPLIT, load
from tests.load_balancer_rules import PATHS, Rule, forwarded_to
from tests.synthesis import SynthesizedStack, app

LONGEST_BASE_PATH = "/" + "a" * 99
SERVICES = ["web", "web_ingestion", "web_api", "worker_ingestion", "worker"]
INGESTION = {
    "QUEUE_CONSUMER_INGESTION_QUEUE_IS_ENABLED",
    "QUEUE_CONSUMER_INGESTION_SECONDARY_QUEUE_IS_ENABLED",
    "QUEUE_CONSUMER_OTEL_INGESTION_QUEUE_IS_ENABLED",
    "QUEUE_CONSUMER_OTEL_INGESTION_SECONDARY_QUEUE_IS_ENABLED",
}


def services(overrides: Mapping[str, str] = SPLIT, environment: str = "prod") -> SynthesizedStack:
    return app(environment, {**RUNNING, **overrides})["services"]


def named(stack: SynthesizedStack, type_: str, name: str) -> tuple[str, dict[str, Any]]:
    """The address and the arguments of the one resource of the type whose id starts with a name and an underscore."""
    ((id_, found),) = [(id_, one) for id_, one in stack.resources(type_).items() if id_.startswith(f"{name}_")]
    return f"{type_}.{id_}", found


def service(stack: SynthesizedStack, name: str) -> dict[str, Any]:
    return named(stack, "aws_ecs_service", name.replace("_", "-"))[1]


def variables(stack: SynthesizedStack, name: str) -> dict[str, str]:
    _, definition = named(stack, "aws_ecs_task_definition", name.replace("_", "-"))
    container = json.loads(definition["container_definitions"])[0]
    return {entry["name"]: entry["value"] for entry in container["environment"]}


def rules(stack: SynthesizedStack, kind: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The listener rules, and the service that each forwards to."""
    for id_, rule in stack.resources("aws_lb_listener_rule").items():
        if kind in id_:
            yield id_.partition("-rules_")[0].replace("-", "_"), rule


def as_rules(stack: SynthesizedStack) -> list[Rule]:
    return [
        Rule(
            rule["priority"],
            name,
            tuple(value for each in rule["condition"] for value in each.get("path_pattern", {}).get("values", ())),
            tuple(value for each in rule["condition"] for value in each.get("source_ip", {}).get("values", ())),
        )
        for name, rule in rules(stack)
    ]


def test_the_settings_have_the_services_in_the_order_of_their_start() -> None:
    assert list(load("dev", SPLIT).services) == SERVICES
    assert list(load("dev").services) == ["web", "worker"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_there_was_stays_as_it_is_but_for_the_queues_of_the_worker(environment: str) -> None:
    before, after = services({}, environment), services(SPLIT, environment)
    assert "aws_lb_listener_rule" not in before.json["resource"]
    changed = [
        f"{type_}.{id_}"
        for type_, resources in before.json["resource"].items()
        for id_, resource in resources.items()
        if after.json["resource"][type_].get(id_) != resource
    ]
    assert sorted(address.rpartition("_")[0] for address in changed) == [
        "aws_appautoscaling_policy.worker-scaling_queues",
        "aws_cloudwatch_dashboard.dashboard",
        "aws_ecs_service.worker_service",
        "aws_ecs_task_definition.worker_tasks",
    ]
    old, new = (service(stack, "worker") for stack in (before, after))
    assert {key for key in old if old[key] != new[key]} == {"depends_on"}
    assert variables(after, "worker").items() - variables(before, "worker").items() == {
        (name, "false") for name in INGESTION
    }


def test_every_queue_has_one_service_that_consumes_it() -> None:
    consumers = {name for name in contract().variables if name.startswith("QUEUE_CONSUMER_")}
    assert len(consumers) > len(INGESTION)
    off = {
        name: {variable for variable, value in variables(services(), name).items() if value == "false"}
        for name in ("worker", "worker_ingestion")
    }
    assert consumers - off["worker_ingestion"] == INGESTION
    assert consumers & off["worker"] == INGESTION
    assert not consumers & variables(services({}), "worker").keys()


@pytest.mark.parametrize("table", ["environment", "secrets"])
def test_nobody_else_switches_the_consumers_that_the_services_share(table: str) -> None:
    value = {"environment": "true", "secrets": "arn:aws:secretsmanager:us-east-1:123456789012:secret:any-AbCdEf"}
    for name in INGESTION:
        given = {f"LANGFUSE_AWS__LANGFUSE__{table.upper()}__{name}": value[table]}
        with pytest.raises(Exception, match=f"langfuse.{table}.{name}: is filled by the stacks, since worker_inges"):
            load("prod", {**SPLIT, **given})
        load("prod", given)


def test_only_web_migrates() -> None:
    off = {"LANGFUSE_AUTO_POSTGRES_MIGRATION_DISABLED", "LANGFUSE_AUTO_CLICKHOUSE_MIGRATION_DISABLED"}
    web = variables(services(), "web")
    assert not off & web.keys()
    for name in ("web_ingestion", "web_api"):
        assert variables(services(), name).items() - {("NODE_OPTIONS", "--max-old-space-size=1536")} == {
            *(web.items() - {("NODE_OPTIONS", "--max-old-space-size=3072")}),
            *((variable, "true") for variable in off),
            *({("NODE_OPTIONS", "--max-old-space-size=3072")} if name == "web_api" else ()),
        }


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("base_path", ["", "/langfuse"])
def test_a_path_goes_to_the_service_that_serves_it(path: str, base_path: str) -> None:
    stack = services({**SPLIT, **IMAGES} if base_path else SPLIT)
    assert forwarded_to(as_rules(stack), f"{base_path}{path}", otherwise="web") == PATHS[path]
    if base_path:
        assert forwarded_to(as_rules(stack), path, otherwise="web") == "web"


@pytest.mark.parametrize("left_out", ["web_ingestion", "web_api"])
def test_a_service_that_is_left_out_leaves_its_paths_to_web(left_out: str) -> None:
    stack = services({name: value for name, value in SPLIT.items() if left_out.upper() not in name})
    found = {path: forwarded_to(as_rules(stack), path, otherwise="web") for path in PATHS}
    assert found == {path: "web" if name == left_out else name for path, name in PATHS.items()}


def test_the_rules_are_within_the_limits_of_a_load_balancer() -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html."""
    longest = {**SPLIT, **IMAGES, "LANGFUSE_AWS__LANGFUSE__BASE_PATH": LONGEST_BASE_PATH}
    found = [rule for _, rule in rules(services(longest))]
    priorities = [rule["priority"] for rule in found]
    assert len(priorities) == len(set(priorities)) < 100
    for rule in found:
        (condition,) = rule["condition"]
        ((kind, values),) = condition.items()
        assert len(values["values"]) <= 3
        assert sum(value.count("*") + value.count("?") for value in values["values"]) <= 5
        assert kind == "source_ip" or max(map(len, values["values"])) <= 128


def test_no_request_meets_the_rule_that_only_attaches_the_target_group() -> None:
    attachments = list(rules(services(), "_attachment_"))
    assert [name for name, _ in attachments] == ["web_api", "web_ingestion"]
    for _, rule in attachments:
        assert rule["condition"] == [{"source_ip": {"values": ["192.0.2.1/32"]}}]


@pytest.mark.parametrize("name", ["web_ingestion", "web_api"])
def test_the_paths_follow_healthy_tasks_and_leave_before_them(name: str) -> None:
    """Terraform destroys in the reverse order: paths, service, attachment. A replaced service loses its paths first."""
    stack, id_ = services(), name.replace("_", "-")
    attachment, _ = named(stack, "aws_lb_listener_rule", f"{id_}-rules_attachment")
    rollout, wait = named(stack, "terraform_data", f"{id_}_rollout")
    address, of_ecs = named(stack, "aws_ecs_service", id_)
    web_rollout, _ = named(stack, "terraform_data", "web_rollout")
    assert {attachment, web_rollout} <= set(of_ecs["depends_on"])
    assert wait["lifecycle"]["replace_triggered_by"] == [address]
    of_service = [rule for of, rule in rules(stack, "_paths-") if of == name]
    assert of_service
    for rule in of_service:
        assert rule["depends_on"] == [rollout]
        assert rule["lifecycle"]["replace_triggered_by"] == [f"{address}.id"]
        assert "create_before_destroy" not in rule["lifecycle"]


def test_the_worker_leaves_the_queues_to_a_service_that_consumes_them() -> None:
    stack = services()
    rollout, _ = named(stack, "terraform_data", "worker-ingestion_rollout")
    web_rollout, _ = named(stack, "terraform_data", "web_rollout")
    assert rollout in service(stack, "worker")["depends_on"]
    assert web_rollout in service(stack, "worker_ingestion")["depends_on"]


def test_web_waits_for_no_other_service() -> None:
    assert not [one for one in service(services(), "web")["depends_on"] if "-ingestion" in one or "-api" in one]


def test_what_takes_over_work_starts_in_full_size() -> None:
    """One task could not take the load of several. Web migrates when it starts, so that it starts with one."""
    counts = {name: service(services(), name)["desired_count"] for name in SERVICES}
    assert counts == {"web": 1, "web_ingestion": 2, "web_api": 1, "worker_ingestion": 1, "worker": 1}


def test_each_service_has_its_own_size() -> None:
    stack = services()
    for name, size in load("prod", {**RUNNING, **SPLIT}).services.items():
        _, definition = named(stack, "aws_ecs_task_definition", name.replace("_", "-"))
        assert (definition["cpu"], definition["memory"]) == (str(size.cpu), str(size.memory_mib))
        resource_id = f"service/langfuse-prod/langfuse-prod-{name.replace('_', '-')}"
        target = stack.resource("aws_appautoscaling_target", resource_id=resource_id)
        assert (target["min_capacity"], target["max_capacity"]) == (size.min_tasks, size.max_tasks)


@pytest.mark.parametrize(("overrides", "consumer"), [({}, "worker"), (SPLIT, "worker-ingestion")])
def test_the_service_that_consumes_the_queues_follows_them(overrides: dict[str, str], consumer: str) -> None:
    following = [
        policy["name"]
        for policy in services(overrides).resources("aws_appautoscaling_policy").values()
        if "langfuse.queue.ingestion" in json.dumps(policy)
    ]
    assert following == [f"langfuse-prod-{consumer}-queues"]


def test_the_outputs_name_every_service() -> None:
    outputs = services().json["output"]
    for name in SERVICES:
        hyphens = name.replace("_", "-")
        assert outputs[f"{name}_service_name"]["value"] == f"langfuse-prod-{hyphens}"
        group, logs = named(services(), "aws_cloudwatch_log_group", hyphens)
        assert logs["name"] == f"/langfuse/prod/{hyphens}"
        assert outputs[f"{name}_log_group_name"]["value"] == f"${{{group}.name}}"
    for name in ("web_ingestion", "web_api"):
        group, _ = named(services(), "aws_lb_target_group", f"{name.replace('_', '-')}-rules_targets")
        assert outputs[f"{name}_target_group_arn"]["value"] == f"${{{group}.arn}}"
    assert not {f"{name}_service_name" for name in SERVICES[1:4]} & services({}).json["output"].keys()


def test_each_service_is_watched() -> None:
    alarms = {
        alarm["alarm_name"].removeprefix("langfuse-prod-"): alarm
        for alarm in services().resources("aws_cloudwatch_metric_alarm").values()
    }
    for name in SERVICES:
        hyphens = name.replace("_", "-")
        for kind in ("memory", "running"):
            assert alarms[f"{hyphens}-{kind}"]["dimensions"]["ServiceName"] == f"langfuse-prod-{hyphens}"
    for hyphens in ("web-ingestion", "web-api"):
        group, _ = named(services(), "aws_lb_target_group", f"{hyphens}-rules_targets")
        assert alarms[f"{hyphens}-unhealthy"]["dimensions"]["TargetGroup"] == f"${{{group}.arn_suffix}}"
    body = services().resource("aws_cloudwatch_dashboard")["dashboard_body"]
    for name in SERVICES:
        assert body.count(f'"langfuse-prod-{name.replace("_", "-")}"') >= 3


def test_rows_that_either_worker_drops_are_counted_together() -> None:
    filters = services().resources("aws_cloudwatch_log_metric_filter").values()
    logs = {named(services(), "aws_cloudwatch_log_group", name)[0] for name in ("worker", "worker-ingestion")}
    assert {one["log_group_name"] for one in filters} == {f"${{{address}.name}}" for address in logs}
    assert len({json.dumps(one["metric_transformation"]) for one in filters}) == 1


def test_without_tasks_no_path_leaves_web() -> None:
    """Until ClickHouse is known: the rules would forward to target groups without targets, also while web starts."""
    stack = app("prod", {**EXTERNAL, **SPLIT})["services"]
    assert {each["desired_count"] for each in stack.resources("aws_ecs_service").values()} == {0}
    assert list(rules(stack, "_paths-")) == []
    assert len(list(rules(stack, "_attachment_"))) == 2
    alarms = [
        alarm
        for alarm in stack.resources("aws_cloudwatch_metric_alarm").values()
        if alarm["alarm_name"].endswith("-running")
    ]
    assert {(alarm["threshold"], alarm["treat_missing_data"]) for alarm in alarms} == {(0, "notBreaching")}
