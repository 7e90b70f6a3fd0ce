"""The network interfaces of the resources in a VPC: they keep its subnets and security groups from being deleted."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ministack.services import alb, ec2, ecs, elasticache, rds


class Interfaces(NamedTuple):
    """The network interfaces of one resource: where they may be, and the security groups that they have."""

    owner: str
    subnets: list[str]
    security_groups: list[str]


def network_interfaces() -> Iterator[Interfaces]:
    """The network interfaces of everything that exists. ministack has records of the resources only."""
    for id_, instance in ec2._instances.items():
        if instance["State"]["Name"] != "terminated":
            yield Interfaces(id_, [instance["SubnetId"]], _ids(instance["SecurityGroups"], "GroupId"))
    for id_, interface in ec2._network_interfaces.items():
        yield Interfaces(id_, [interface["SubnetId"]], _ids(interface["Groups"], "GroupId"))
    for id_, gateway in ec2._nat_gateways.items():
        if gateway["State"] != "deleted":
            yield Interfaces(id_, [gateway["SubnetId"]], [])
    for balancer in alb._lbs.values():
        yield Interfaces(balancer["LoadBalancerName"], balancer["Subnets"], balancer["SecurityGroups"])
    for id_, database in rds._instances.items():
        subnets = _ids(database["DBSubnetGroup"].get("Subnets", []), "SubnetIdentifier")
        yield Interfaces(id_, subnets, _ids(database["VpcSecurityGroups"], "VpcSecurityGroupId"))
    for id_, cache in elasticache._clusters.items():
        group = elasticache._subnet_groups.get(cache["CacheSubnetGroupName"], {})
        subnets = _ids(group.get("Subnets", []), "SubnetIdentifier")
        yield Interfaces(id_, subnets, _ids(cache["SecurityGroups"], "SecurityGroupId"))
    for service in ecs._services.values():
        if service["runningCount"]:
            network = service["networkConfiguration"].get("awsvpcConfiguration", {"subnets": []})
            yield Interfaces(service["serviceName"], network["subnets"], network.get("securityGroups", []))


def _ids(items: list[dict[str, Any]], name: str) -> list[str]:
    return [item[name] for item in items]
