"""A VPC over several Availability Zones, each with a public and a private subnet."""

from ipaddress import IPv4Network

from cdktf import Fn, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_availability_zones import (
    DataAwsAvailabilityZones,
    DataAwsAvailabilityZonesFilter,
)
from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc as AwsVpc
from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from settings.sections.network import Network
from settings.zones import EXCLUDED_ZONE_IDS

ANYWHERE = "0.0.0.0/0"
ANYWHERE_IPV6 = "::/0"
MOST_ZONES = 4


class Vpc(Construct):
    """A VPC, its subnets, an internet gateway, NAT gateways and a gateway endpoint for S3.

    The address block is divided into eight equal subnets, public ones first, so that an Availability Zone added later
    (up to four) moves no subnet. A private subnet routes through the NAT gateway of its zone, or through another zone's
    where there are fewer gateways than zones. S3 is reached through the endpoint, without NAT charges. Without NAT
    gateways, nothing leads from the private subnets to the internet: in an isolated VPC, the tasks do without; in
    another one, they are in the public subnets, which the endpoint serves too.

    With ``ipv6``, the VPC also has a /56 block of IPv6 addresses of Amazon's, and each public subnet a /64 of it.

    Args:
        name: the Name tag of the VPC, and what those of its parts start with.
        region: the AWS region.
        settings: the address block, the number of zones and of NAT gateways, and whether it is isolated.
        ipv6: whether the public subnets have IPv6 addresses too.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, region: str, settings: Network, ipv6: bool) -> None:
        super().__init__(scope, id_)
        self._name = name
        self._zones = DataAwsAvailabilityZones(
            self,
            "zones",
            state="available",
            # By name, to leave out Local and Wavelength Zones: they have neither NAT gateways nor RDS.
            filter=[DataAwsAvailabilityZonesFilter(name="zone-name", values=[f"{region}{zone}" for zone in "abcdef"])],
            exclude_zone_ids=list(EXCLUDED_ZONE_IDS),
        )
        self._vpc = AwsVpc(
            self,
            "vpc",
            cidr_block=settings.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            assign_generated_ipv6_cidr_block=ipv6 or None,
            tags={"Name": name},
        )
        # Adopts the group that AWS creates with each VPC and removes its rules.
        DefaultSecurityGroup(self, "default-security-group", vpc_id=self._vpc.id)
        internet = InternetGateway(self, "internet-gateway", vpc_id=self._vpc.id, tags={"Name": name})

        block = IPv4Network(settings.cidr)
        cidrs = [str(subnet) for subnet in block.subnets(prefixlen_diff=3)]
        zones = range(settings.availability_zones)
        ipv6_cidrs = [Fn.cidrsubnet(self._vpc.ipv6_cidr_block, 8, zone) if ipv6 else None for zone in zones]
        public = [self._subnet("public", zone, cidrs[zone], ipv6_cidrs[zone]) for zone in zones]
        private = [self._subnet("private", zone, cidrs[MOST_ZONES + zone]) for zone in zones]

        public_routes = self._route_table("public")
        Route(
            self,
            "public-default-route",
            route_table_id=public_routes.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=internet.id,
        )
        if ipv6:
            Route(
                self,
                "public-default-ipv6-route",
                route_table_id=public_routes.id,
                destination_ipv6_cidr_block=ANYWHERE_IPV6,
                gateway_id=internet.id,
            )
        for zone, subnet in enumerate(public):
            RouteTableAssociation(self, f"public-{zone}-routes", subnet_id=subnet.id, route_table_id=public_routes.id)

        nat_gateways = 0 if settings.isolated else settings.nat_gateways
        gateways = [self._nat_gateway(zone, public[zone], internet) for zone in range(nat_gateways)]
        private_routes = [self._route_table(f"private-{zone}") for zone in zones]
        for zone, (subnet, routes) in enumerate(zip(private, private_routes, strict=True)):
            if gateways:
                Route(
                    self,
                    f"private-{zone}-default-route",
                    route_table_id=routes.id,
                    destination_cidr_block=ANYWHERE,
                    nat_gateway_id=gateways[zone % len(gateways)].id,
                )
            RouteTableAssociation(self, f"private-{zone}-routes", subnet_id=subnet.id, route_table_id=routes.id)

        VpcEndpoint(
            self,
            "s3-endpoint",
            vpc_id=self._vpc.id,
            # In China too, where only interface endpoints start with cn.com.amazonaws: aws/aws-cdk#25333.
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[
                routes.id for routes in (*private_routes, *([public_routes] if settings.public_tasks else []))
            ],
            tags={"Name": f"{name}-s3"},
        )
        self.id = self._vpc.id
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.private_availability_zones = [subnet.availability_zone for subnet in private]

    def _subnet(self, kind: str, zone: int, cidr: str, ipv6_cidr: str | None = None) -> Subnet:
        return Subnet(
            self,
            f"{kind}-{zone}",
            vpc_id=self._vpc.id,
            # Not Fn.element: it wraps around, and two subnets would share a zone in a region with too few.
            availability_zone=f"${{{self._zones.fqn}.names[{zone}]}}",
            cidr_block=cidr,
            ipv6_cidr_block=ipv6_cidr,
            tags={"Name": f"{self._name}-{kind}-{zone}"},
            # A zone that AWS adds may shift the list, which must not replace a subnet.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["availability_zone"]),
        )

    def _route_table(self, suffix: str) -> RouteTable:
        return RouteTable(self, f"{suffix}-route-table", vpc_id=self._vpc.id, tags={"Name": f"{self._name}-{suffix}"})

    def _nat_gateway(self, zone: int, subnet: Subnet, internet: InternetGateway) -> NatGateway:
        tags = {"Name": f"{self._name}-{zone}"}
        address = Eip(self, f"nat-address-{zone}", domain="vpc", tags=tags)
        return NatGateway(
            self,
            f"nat-gateway-{zone}",
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags=tags,
            depends_on=[internet],
        )
