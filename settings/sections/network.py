"""The network of an environment."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from settings.aws_names import (
    SubnetIds,
    VpcCidr,
    VpcId,
)
from settings.field_types import (
    EgressPorts,
)
from settings.section import Section, refuse


class Network(Section):
    """The VPC that everything runs in: a new one, or an existing one if ``vpc_id`` is set."""

    cidr: VpcCidr = "10.0.0.0/16"
    """IPv4 address block of the new VPC, which is divided into eight subnets of equal size. Only used if ``vpc_id`` is
    not set."""
    availability_zones: Annotated[int, Field(ge=2, le=4)] = 2
    """Number of Availability Zones that the new VPC extends over, at least ``nat_gateways``, each with a public and a
    private subnet. RDS and the load balancer need at least two. Zones that lack Fargate or Graviton instances are left
    out. Only used if ``vpc_id`` is not set."""
    nat_gateways: Annotated[int, Field(ge=0)] = 1
    """Number of NAT gateways in the new VPC, at most ``availability_zones``. By default, all private subnets share one.
    With one in each zone, a zone that fails does not cut the others off from the internet. With ``0``, which costs
    least, the tasks and ClickHouse's instance are in the public subnets and have public addresses of their own; their
    security groups let nobody in from the internet ([what that means](security.md#public-addresses)). The databases
    stay in the private subnets. Before you change from or to ``0``, read
    [how to do it](operate.md#remove-or-add-the-nat-gateway): a plain deploy to ``0`` cuts the running tasks off for
    minutes. Not ``0`` if ``ingress.ip_address_type`` is ``dualstack``. Only used if ``vpc_id`` is not set, and
    ``isolated`` is ``false``."""
    isolated: bool = False
    """Whether the private subnets of the new VPC have no way to the internet: no NAT gateway, no default route. The
    tasks and ClickHouse's instance then reach AWS's services through VPC endpoints. The load balancer is where it was.
    ``langfuse.registry`` must be an ECR registry in the same Region, and with ``clickhouse.mode = "ec2"``,
    ``clickhouse.package_repository`` must be in S3 there. [Without the internet](isolated.md) says what can't work
    then, how to fill the two, and what the endpoints cost. Not possible with ``vpc_id``, and not in China."""
    vpc_id: VpcId | None = None
    """Existing VPC to deploy into, which requires ``private_subnet_ids`` and, unless ``ingress.internal`` is ``true``,
    ``public_subnet_ids``. By default, a new VPC is created. Only a new one gets flow logs and an endpoint for S3."""
    public_subnet_ids: SubnetIds = ()
    """Subnets of the existing VPC for the load balancer: at least two, in different Availability Zones, with a route to
    an internet gateway. Required with ``vpc_id``, unless ``ingress.internal`` is ``true``, and not allowed without
    it."""
    private_subnet_ids: SubnetIds = ()
    """Subnets of the existing VPC for the services and databases: at least two, in different Availability Zones, with a
    route to the internet through NAT or with [VPC endpoints](isolated.md#what-has-an-endpoint) instead, and not in
    ``public_subnet_ids``. Required with ``vpc_id``, and not allowed without it."""
    egress_ports: EgressPorts = ()
    """TCP ports that the services may connect to, on any IPv4 address, besides 443 and those of the databases: for
    example 587 or 465 for mail by SMTP, 3128 for a proxy, or 8443 for an identity provider. By default, there are none,
    and the security groups close every other port. A variable of ``langfuse.environment`` with a URL that needs another
    port is refused. AWS blocks port 25 until it grants
    [a request](https://repost.aws/knowledge-center/ec2-port-25-throttle). The network ACLs of an existing VPC must
    allow the ports, and their answers to the ports 1024 to 65535; a new VPC's allow everything.

    If ``isolated`` is ``true``, 443 is closed too, except to the VPC endpoints: add it if a peering, a transit gateway
    or an endpoint of your own leads to an identity provider or a model."""

    @property
    def public_tasks(self) -> bool:
        """Whether the tasks and ClickHouse's instance are in the public subnets, with public addresses."""
        return self.nat_gateways == 0 and not self.vpc_id and not self.isolated

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.nat_gateways > self.availability_zones:
            allowed = f"must be 0 to availability_zones ({self.availability_zones})"
            refuse("nat_gateways", self.nat_gateways, allowed)
        subnets = {"public_subnet_ids": self.public_subnet_ids, "private_subnet_ids": self.private_subnet_ids}
        for key, ids in subnets.items():
            # Whether public ones are needed at all, ingress.internal says.
            if self.vpc_id and len(ids) < 2 and (ids or key == "private_subnet_ids"):
                refuse(key, ids, "with vpc_id, two subnets or more are needed")
            if ids and not self.vpc_id:
                refuse(key, ids, "is for an existing VPC: set vpc_id too")
        if self.isolated and self.vpc_id:
            refuse("isolated", True, "is for a new VPC: docs/isolated.md lists the endpoints that vpc_id needs instead")
        for id_ in self.private_subnet_ids:
            if id_ in self.public_subnet_ids:
                refuse(
                    "private_subnet_ids", self.private_subnet_ids, f"{id_} is in public_subnet_ids too: keep it in one"
                )
        return self
