"""Tests of a deployment with every service that the settings may leave out."""

import json
from typing import Any

import pytest

from local.deployment import Deployment
from tests.ci_roles import operators_environment
from tests.command_line import ops
from tests.e2e.conftest import plan, run
from tests.e2e.test_deploy import changes
from tests.e2e.test_rollouts import first_steady
from tests.load_balancer_rules import PATHS, Rule, forwarded_to

pytestmark = [
    pytest.mark.e2e,
    # The one of SECURED that has them, at a base path.
    pytest.mark.parametrize("deployment", ["dev-isolated"], indirect=True),
]

SERVICES = ("web", "web_ingestion", "web_api", "worker_ingestion", "worker")


def client(deployment: Deployment, service: str) -> Any:
    """Creates a client of a service of the embedded AWS."""
    return deployment.aws.session().client(service, endpoint_url=deployment.aws.url)  # type: ignore[call-overload]


def rules(deployment: Deployment) -> tuple[list[Rule], str]:
    """The rules of the listener that forwards, as the load balancer has them, and the target group of all else."""
    elb = client(deployment, "elbv2")
    (listener,) = elb.describe_listeners(LoadBalancerArn=deployment.outputs()["services"]["alb_arn"])["Listeners"]
    found, otherwise = [], ""
    for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
        (action,) = rule["Actions"]
        if rule["IsDefault"]:
            otherwise = action["TargetGroupArn"]
            continue
        values = {each["Field"]: tuple(each["Values"]) for each in rule["Conditions"]}
        paths, sources = values.pop("path-pattern", ()), values.pop("source-ip", ())
        assert not values
        found.append(Rule(int(rule["Priority"]), action["TargetGroupArn"], paths, sources))
    return found, otherwise


def test_paths_go_to_the_service_that_serves_them(deployment: Deployment) -> None:
    outputs = deployment.outputs()["services"]
    found, otherwise = rules(deployment)
    assert otherwise == outputs["target_group_arn"]
    groups = {name: outputs.get(f"{name}_target_group_arn", otherwise) for name in set(PATHS.values())}
    base_path = f"/{outputs['alb_url'].rpartition('/')[2]}"
    assert base_path == "/langfuse"
    went = {path: forwarded_to(found, base_path + path, otherwise=otherwise) for path in PATHS}
    assert went == {path: groups[name] for path, name in PATHS.items()}


def test_each_service_started_after_the_one_that_it_needs(deployment: Deployment) -> None:
    outputs = deployment.outputs()["services"]
    names = {outputs[f"{service}_service_name"]: service for service in SERVICES}
    described = client(deployment, "ecs").describe_services(cluster=outputs["cluster_name"], services=list(names))
    services = {names[service["serviceName"]]: service for service in described["services"]}
    for name in SERVICES[1:]:
        assert services[name]["createdAt"] >= first_steady(services["web"])
    assert services["worker"]["createdAt"] >= first_steady(services["worker_ingestion"])


def test_status_and_scale_show_every_service(deployment: Deployment) -> None:
    status = ops("status", "--json", environment=operators_environment(deployment))
    rows = {row["what"]: row["state"] for row in json.loads(status.stdout)}
    assert {name: rows[name] for name in SERVICES} == dict.fromkeys(SERVICES, "COMPLETED")
    # The embedded ECS runs no containers, and registers no targets.
    assert {name: rows[f"{name}'s targets"] for name in ("web_ingestion", "web_api")} == {
        "web_ingestion": "0 of 0 healthy",
        "web_api": "0 of 0 healthy",
    }
    scale = ops("scale", "--json", environment=operators_environment(deployment))
    assert list(json.loads(scale.stdout)) == list(SERVICES)


def test_a_deployment_leaves_the_paths_and_a_replaced_service_loses_them_first(
    deployment: Deployment, terraform: str
) -> None:
    """Terraform deletes in the reverse order of dependencies, and the paths depend on the tasks."""
    log_level = json.dumps({"LANGFUSE_LOG_LEVEL": "debug"})
    planned = plan(deployment, "new-tasks", LANGFUSE_AWS__LANGFUSE__ENVIRONMENT=log_level)
    changed = changes((planned.folder / "plans" / "services.json").read_text())
    (service,) = [address for address in changed if address.startswith("aws_ecs_service.web-ingestion_")]
    assert changed[service] == ["update"]
    assert not [address for address in changed if address.startswith("aws_lb_listener_rule.")]
    folder = planned.folder / "stacks" / "services"
    arguments = ("-input=false", "-lock=false", f"-replace={service}", "-out=replaced.tfplan")
    run(terraform, folder, "plan", *arguments, environment=operators_environment(deployment))
    replaced = changes(
        run(terraform, folder, "show", "-json", "replaced.tfplan", environment=operators_environment(deployment))
    )
    rules_ = {address: actions for address, actions in replaced.items() if address.startswith("aws_lb_listener_rule.")}
    assert list(rules_.values()) == [["delete", "create"]]
    assert [address for address in rules_ if "web-ingestion-rules_paths-1" in address]
