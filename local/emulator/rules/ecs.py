"""Requests that ECS refuses."""

from collections.abc import Iterator
from typing import Any

from ministack.services import ecs

from local.emulator.rules.elbv2 import used_target_groups
from local.emulator.rules.rule import Request, refuses
from settings.images import parse_image


@refuses("ecs", "CreateService", "UpdateService", code="InvalidParameterException")
def target_group_without_load_balancer(request: Request) -> str | None:
    """Only a listener associates a target group with a load balancer."""
    used = used_target_groups()
    for load_balancer in request.get("loadBalancers", []):
        arn = load_balancer.get("targetGroupArn")
        if arn and arn not in used:
            return f"The target group with targetGroupArn {arn} does not have an associated load balancer."
    return None


@refuses("ecs", "CreateService", "RunTask", code="ClusterNotFoundException")
def missing_cluster(request: Request) -> str | None:
    """Ministack would create it."""
    return None if _cluster(request) in ecs._clusters else "Cluster not found."


@refuses("ecs", "CreateService", code="InvalidParameterException")
def service_name_taken(request: Request) -> str | None:
    """Ministack has another error code for it."""
    names = {service["serviceName"] for service in _active_services(request)}
    return "Creation of service was not idempotent." if request["serviceName"] in names else None


@refuses("ecs", "UpdateService", code="ServiceNotActiveException")
def inactive_service(request: Request) -> str | None:
    """A service that is deleted can still be described for a while."""
    service = ecs._services.get(f"{_cluster(request)}/{request['service'].rpartition('/')[2]}")
    return "Service was not ACTIVE." if service and service["status"] != "ACTIVE" else None


@refuses("ecs", "CreateService", "UpdateService", code="ClientException")
@refuses("ecs", "RunTask", code="InvalidParameterException")
def inactive_task_definition(request: Request) -> str | None:
    """Services go on with a task definition that is deregistered, but none may change to it."""
    definition = ecs._task_defs.get(ecs._resolve_td_key(request.get("taskDefinition", "")))
    return "TaskDefinition is inactive" if definition and definition["status"] != "ACTIVE" else None


@refuses("ecs", "CreateService", "UpdateService", "RunTask", code="InvalidParameterException")
def capacity_provider_of_no_cluster(request: Request) -> str | None:
    """A strategy names capacity providers of the cluster alone (dask/dask-cloudprovider#328)."""
    cluster = ecs._clusters.get(_cluster(request), {})
    if set(_providers(request)) <= set(cluster.get("capacityProviders", ())):
        return None
    return (
        "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the"
        " cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again."
    )


@refuses("ecs", "CreateService", "UpdateService", "RunTask", code="InvalidParameterException")
def capacity_providers_without_weight(request: Request) -> str | None:
    """At least one of several capacity providers has a weight; without one in the request, its weight is 0.

    See https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html.
    """
    strategy = request.get("capacityProviderStrategy") or []
    if len(strategy) < 2 or any(item.get("weight") for item in strategy):
        return None
    return "The specified capacity provider strategy must contain at least one capacity provider with a weight above 0."


@refuses("ecs", "UpdateService", code="InvalidParameterException")
def other_capacity_without_a_deployment(request: Request) -> str | None:
    """Running tasks stay where they are, so that another strategy needs new ones (pipe-cd/pipecd#6385)."""
    service = ecs._services.get(f"{_cluster(request)}/{request['service'].rpartition('/')[2]}", {})
    now, then = service.get("capacityProviderStrategy") or [], request.get("capacityProviderStrategy")
    if then is None or then == now or request.get("forceNewDeployment"):
        return None
    return (
        "When switching from launch type to capacity provider strategy on an existing service, or making a change to a"
        " capacity provider strategy on a service that is already using one, you must force a new deployment."
    )


@refuses("ecs", "PutClusterCapacityProviders", code="ResourceInUseException")
def capacity_provider_in_use(request: Request) -> str | None:
    """A capacity provider stays in the cluster while services or tasks use it (pahud/cdk-fargate-patterns#71)."""
    cluster = ecs._clusters.get(_cluster(request), {})
    used = {provider for service in _active_services(request) for provider in _providers(service)} | {
        task.get("capacityProviderName")
        for task in ecs._tasks.values()
        if task["clusterArn"] == cluster.get("clusterArn") and task["lastStatus"] != "STOPPED"
    }
    removed = set(cluster.get("capacityProviders", ())) - set(request["capacityProviders"])
    return "The specified capacity provider is in use and cannot be removed." if used & removed else None


@refuses("ecs", "RegisterTaskDefinition", code="ClientException")
def containers_that_do_not_fit(request: Request) -> str | None:
    """A container mounts a volume that the task lacks, or waits for the end of one that must not end.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
    """
    volumes = {volume["name"] for volume in request.get("volumes", ())}
    essential = {each["name"] for each in request["containerDefinitions"] if each.get("essential", True)}
    for container in request["containerDefinitions"]:
        for mount in container.get("mountPoints", ()):
            if mount["sourceVolume"] not in volumes:
                return f"Unknown volume '{mount['sourceVolume']}'."
        for dependency in container.get("dependsOn", ()):
            if dependency["condition"] in ("COMPLETE", "SUCCESS") and dependency["containerName"] in essential:
                return f"The condition {dependency['condition']} can't be set on an essential container."
    return None


@refuses("ecs", "RegisterTaskDefinition", code="ClientException")
def image_of_ecr_without_a_role(request: Request) -> str | None:
    """The execution role pulls it (hashicorp/terraform-provider-aws#3051)."""
    images = [parse_image(each["image"]) for each in request["containerDefinitions"]]
    is_private = any(image.ecr_repository_arn for image in images)
    if is_private and "FARGATE" in request.get("requiresCompatibilities", ()) and not request.get("executionRoleArn"):
        return "Fargate requires task definition to have execution role ARN to support ECR images."
    return None


@refuses("ecs", "DeleteCluster", code="ClusterContainsServicesException")
def cluster_with_services(request: Request) -> str | None:
    """Services are deleted first."""
    return "The Cluster cannot be deleted while Services are active." if any(_active_services(request)) else None


@refuses("ecs", "DeleteCluster", code="ClusterContainsTasksException")
def cluster_with_tasks(request: Request) -> str | None:
    """Tasks are stopped first, those without a service too."""
    cluster = ecs._clusters.get(_cluster(request))
    active = cluster and any(
        task["clusterArn"] == cluster["clusterArn"] and task["lastStatus"] != "STOPPED" for task in ecs._tasks.values()
    )
    return "The Cluster cannot be deleted while Tasks are active." if active else None


def _active_services(request: Request) -> Iterator[dict[str, Any]]:
    prefix = f"{_cluster(request)}/"
    return (
        service for key, service in ecs._services.items() if key.startswith(prefix) and service["status"] == "ACTIVE"
    )


def _providers(holder: Request) -> Iterator[str]:
    return (item["capacityProvider"] for item in holder.get("capacityProviderStrategy") or ())


def _cluster(request: Request) -> str | None:
    name: str | None = ecs._resolve_cluster_name(request.get("cluster"))
    return name
