"""What ECS says of the services."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ops.console import table
from ops.environment import Environment, OpsError
from settings.images import parse_image

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, ServiceTypeDef, TaskDefinitionTypeDef, TaskTypeDef

VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){2}")


def active_services(ecs: "ECSClient", cluster: str, names: Sequence[str]) -> "dict[str, ServiceTypeDef]":
    """The services of a cluster, by their names in ECS; without those that do not exist, or are being deleted."""
    answer = ecs.describe_services(cluster=cluster, services=names)["services"]
    return {service["serviceName"]: service for service in answer if service["status"] == "ACTIVE"}


def existing_services(environment: Environment, services: Sequence[str]) -> "dict[str, ServiceTypeDef]":
    """The services that exist, of those that are named."""
    names = {service: environment.service_name(service) for service in services}
    active = active_services(environment.session.client("ecs"), environment.cluster, list(names.values()))
    return {service: active[name] for service, name in names.items() if name in active}


def describe_services(environment: Environment, services: Sequence[str]) -> "dict[str, ServiceTypeDef]":
    """The services that are named.

    Raises:
        OpsError: if one of them does not exist.
    """
    for service in services:
        environment.check_service(service)
    described = existing_services(environment, services)
    for service in services:
        if service not in described:
            name = environment.service_name(service)
            raise OpsError(f"there is no service {name} in {environment.cluster}: run {environment.deploy_command}")
    return described


def primary_deployment(service: "ServiceTypeDef") -> "DeploymentTypeDef":
    """The service's newest deployment."""
    return next(deployment for deployment in service["deployments"] if deployment["status"] == "PRIMARY")


def revision(task_definition_arn: str) -> str:
    """The task definition's family:revision."""
    return task_definition_arn.rpartition("/")[2]


def running_tasks(environment: Environment, service: "ServiceTypeDef") -> "list[TaskTypeDef]":
    """The tasks of the service that run, or start."""
    ecs = environment.session.client("ecs")
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=environment.cluster, serviceName=service["serviceName"], desiredStatus="RUNNING"
    )
    return [
        task
        for page in pages
        if page["taskArns"]
        for task in ecs.describe_tasks(cluster=environment.cluster, tasks=page["taskArns"])["tasks"]
    ]


def last_event(service: "ServiceTypeDef") -> str:
    """The newest event that ECS has recorded of the service."""
    return service["events"][0]["message"] if service["events"] else "-"


def describe_task_definition(environment: Environment, service: "ServiceTypeDef") -> "TaskDefinitionTypeDef":
    """The task definition that the service runs."""
    ecs = environment.session.client("ecs")
    return ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]


def container_of(definition: "TaskDefinitionTypeDef", service: "ServiceTypeDef") -> Any:  # noqa: ANN401
    """The service's own container, which is named like the service; others may be beside it."""
    return next(
        container for container in definition["containerDefinitions"] if container["name"] == service["serviceName"]
    )


def secrets_of(definition: "TaskDefinitionTypeDef") -> dict[str, str]:
    """What the secret variables of all containers get their values from, by the variable's name."""
    return {
        secret["name"]: secret["valueFrom"]
        for container in definition["containerDefinitions"]
        for secret in container.get("secrets", ())
    }


def image_version(container: Any) -> str:  # noqa: ANN401
    """The version of Langfuse that the container runs: its image's tag.

    Raises:
        OpsError: if the tag is no version.
    """
    image = parse_image(container["image"])
    if not VERSION.fullmatch(image.tag):
        raise OpsError(f"{container['name']} runs {image}, whose tag is no version of Langfuse: deploy again")
    return image.tag


def services_table(services: "Mapping[str, ServiceTypeDef]") -> Table:
    """A row per service: its tasks, its deployment and its last event."""
    rows = (
        (
            name,
            service["runningCount"],
            service["pendingCount"],
            service["desiredCount"],
            primary_deployment(service).get("rolloutState", "-"),
            last_event(service),
        )
        for name, service in services.items()
    )
    return table("service", "running", "pending", "desired", "rollout", "last event", rows=rows)
