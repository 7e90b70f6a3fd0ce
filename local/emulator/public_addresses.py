"""Who has a public address, and what leads from a subnet to the internet: ministack 1.5 gives one to every instance.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
"""

import re
from collections.abc import Mapping
from typing import Any

from ministack.services import ec2, ecs

from local.emulator.ministack_gaps import Answer, Handler, Parameters, ToXml, wraps

INTERFACE = "NetworkInterface.1."
ANYWHERE = "0.0.0.0/0"


@wraps(ec2, "RunInstances")
def placed_by_interface(run: Handler, params: Parameters) -> Answer:
    """EC2 RunInstances takes the subnet and the groups of a network interface too, which says more of an address."""
    asked = ec2._p(params, f"{INTERFACE}AssociatePublicIpAddress") == "true"
    of_interface = {name.removeprefix(INTERFACE): value for name, value in params.items() if name.startswith(INTERFACE)}
    status, headers, body = run({**params, **of_interface})
    for id_ in re.findall(r"<instanceId>(i-\w+)</instanceId>", body.decode()):
        instance = ec2._instances[id_]
        subnet = ec2._subnets.get(instance["SubnetId"], {})
        instance["_public"] = asked or subnet.get("MapPublicIpOnLaunch", False)
    return status, headers, body


@wraps(ec2, "_instance_xml")
def without_public_address(to_xml: ToXml, instance: Parameters) -> str:
    """An instance that is stopped loses its address, and gets another one when it starts."""
    xml = to_xml(instance)
    return xml if has_public_address(instance) else re.sub(r"<(dnsName|ipAddress)>.*?</\1>", "", xml)


def has_public_address(instance: Mapping[str, Any]) -> bool:
    """Whether the instance has a public address now."""
    return bool(instance.get("_public", True)) and instance["State"]["Name"] in ("pending", "running")


@wraps(ecs, "UpdateService")
def moved_by_a_deployment(update: Handler, data: Parameters) -> Answer:
    """ECS starts new tasks for another network configuration.

    See https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html.
    """
    key = f"{ecs._resolve_cluster_name(data.get('cluster'))}/{data['service'].rpartition('/')[2]}"
    now = ecs._services.get(key, {}).get("networkConfiguration")
    moves = "networkConfiguration" in data and data["networkConfiguration"] != now
    return update({**data, "forceNewDeployment": True} if moves else data)


def cut_off_subnet(service: Mapping[str, Any]) -> str | None:
    """The first subnet of an ECS service that its tasks reach no service of AWS from; None if there is none.

    A subnet that is not known, and one of a VPC with an interface endpoint of Secrets Manager, is no such subnet.
    """
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    public = network.get("assignPublicIp") == "ENABLED"
    for id_ in network.get("subnets", ()):
        subnet = ec2._subnets.get(id_)
        if subnet and not _leads_out(id_, subnet["VpcId"], public=public) and not _has_endpoint(subnet["VpcId"]):
            return str(id_)
    return None


def _leads_out(subnet_id: str, vpc_id: str, *, public: bool) -> bool:
    tables = [table for table in ec2._route_tables.values() if table["VpcId"] == vpc_id]
    own = [table for table in tables if any(one.get("SubnetId") == subnet_id for one in table["Associations"])]
    main = [table for table in tables if any(one.get("Main") for one in table["Associations"])]
    routes = [route for route in (own or main)[0]["Routes"] if route.get("DestinationCidrBlock") == ANYWHERE]
    return any(public or not route.get("GatewayId", "").startswith("igw-") for route in routes)


def _has_endpoint(vpc_id: str) -> bool:
    return any(
        endpoint["VpcId"] == vpc_id and endpoint["ServiceName"].endswith(".secretsmanager")
        for endpoint in ec2._vpc_endpoints.values()
    )
