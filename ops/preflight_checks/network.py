"""Whether the Region has the zones, instance types and instance classes, and an existing VPC what it needs."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.environment import Environment
from ops.findings import Finding, finding
from settings.interface_endpoints import called_services, service_name
from settings.zones import EXCLUDED_ZONE_IDS

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import SubnetTypeDef

ANYWHERE, ANYWHERE_IPV6, NOWHERE = "0.0.0.0/0", "::/0", "nowhere"
BALANCER_ADDRESSES = 8
"""How many free addresses a load balancer needs in each of its subnets:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer"""


def zones(environment: Environment) -> Iterator[Finding]:
    """As many zones as the settings ask for."""
    network = environment.settings.network
    if network.vpc_id:
        return
    usable = _usable_zones(environment)
    evidence = f"needs {network.availability_zones}; {len(usable)} can be used: {', '.join(usable)}"
    remedy = f"lower network.availability_zones to {len(usable)}"
    yield finding("Availability Zones", len(usable) >= network.availability_zones, evidence, remedy)


def _usable_zones(environment: Environment) -> list[str]:
    """The zones that the new VPC may extend over, in the order in which it takes them."""
    described = environment.session.client("ec2").describe_availability_zones(
        Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    )["AvailabilityZones"]
    return sorted(zone["ZoneName"] for zone in described if zone["ZoneId"] not in EXCLUDED_ZONE_IDS)


def interface_endpoints(environment: Environment) -> Iterator[Finding]:
    """An isolated VPC: each service that is called has an endpoint in one of its zones at least."""
    network = environment.settings.network
    if not network.isolated:
        return
    region, services = environment.settings.region, _called_services(environment)
    zones = set(_usable_zones(environment)[: network.availability_zones])
    names = [service_name(region, service) for service in services]
    offers = environment.session.client("ec2").describe_vpc_endpoint_services(
        Filters=[{"Name": "service-name", "Values": names}, {"Name": "service-type", "Values": ["Interface"]}]
    )["ServiceDetails"]
    offered = {offer["ServiceName"] for offer in offers if zones.intersection(offer["AvailabilityZones"])}
    missing = [service for service, name in zip(services, names, strict=True) if name not in offered]
    in_zones = f"in {', '.join(sorted(zones))}"
    evidence = f"{', '.join(missing)}: none {in_zones}" if missing else f"{', '.join(services)}: {in_zones}"
    yield finding("interface endpoints", not missing, evidence, "leave out network.isolated, or choose another Region")


def _called_services(environment: Environment) -> list[str]:
    return list(called_services(clickhouse_on_ec2=environment.settings.clickhouse.mode == "ec2"))


def instance_type(environment: Environment) -> Iterator[Finding]:
    """ClickHouse runs in the zone of the first private subnet."""
    settings = environment.settings
    if settings.clickhouse.mode != "ec2":
        return
    ec2 = environment.session.client("ec2")
    type_ = settings.clickhouse.instance_type
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": [type_]}]
    )
    offered = sorted(offering["Location"] for page in pages for offering in page["InstanceTypeOfferings"])
    if settings.network.vpc_id:
        zone = _subnets(ec2, settings.network.private_subnet_ids[:1])[0]["AvailabilityZone"]
    else:
        zone = _usable_zones(environment)[0]
    evidence = f"{type_} is needed in {zone}, and offered in {', '.join(offered) or 'no zone of this Region'}"
    remedy = "choose another clickhouse.instance_type"
    yield finding("ClickHouse's instance type", zone in offered, evidence, remedy)


def instance_class(environment: Environment) -> Iterator[Finding]:
    """RDS offers the class with the version, and with a standby if the settings ask for one."""
    postgres = environment.settings.postgres
    pages = (
        environment.session.client("rds")
        .get_paginator("describe_orderable_db_instance_options")
        .paginate(Engine="postgres", DBInstanceClass=postgres.instance_class, Vpc=True)
    )
    versions = {
        option["EngineVersion"]
        for page in pages
        for option in page["OrderableDBInstanceOptions"]
        if option["MultiAZCapable"] or not postgres.multi_az
    }
    passed = any(f"{version}.".startswith(f"{postgres.version}.") for version in versions)
    asked = f"{postgres.instance_class} with PostgreSQL {postgres.version}" + (" and a standby" * postgres.multi_az)
    offered = ", ".join(sorted(versions, key=_as_numbers)) or "no version"
    yield finding(
        "PostgreSQL's instance class",
        passed,
        f"{asked} is {'' if passed else 'not '}offered",
        f"choose another postgres.instance_class or postgres.version: this class is offered with {offered}",
    )


def _as_numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def existing_vpc(environment: Environment) -> Iterator[Finding]:
    """The VPC and the subnets exist, in two zones or more, fit the load balancer, and have routes or endpoints."""
    network, ingress = environment.settings.network, environment.settings.ingress
    if not network.vpc_id:
        return
    ec2 = environment.session.client("ec2")
    try:
        ec2.describe_vpcs(VpcIds=[network.vpc_id])
        public, private = _subnets(ec2, network.public_subnet_ids), _subnets(ec2, network.private_subnet_ids)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("InvalidVpcID.NotFound", "InvalidSubnetID.NotFound"):
            raise
        remedy = "correct network.vpc_id and the subnets; check the Region and the account"
        yield finding("existing VPC", False, error.response["Error"]["Message"], remedy)
        return
    elsewhere = [subnet["SubnetId"] for subnet in (*public, *private) if subnet["VpcId"] != network.vpc_id]
    evidence = f"{network.vpc_id}: {', '.join(elsewhere) + ' are of another VPC' if elsewhere else 'has every subnet'}"
    yield finding("existing VPC", not elsewhere, evidence, "choose subnets of network.vpc_id")
    # The public ones are the load balancer's only.
    used = {"private": private} if ingress.internal else {"public": public, "private": private}
    for name, subnets in used.items():
        zones = sorted({subnet["AvailabilityZone"] for subnet in subnets})
        evidence, remedy = ", ".join(zones), f"choose network.{name}_subnet_ids in two zones or more"
        yield finding(f"zones of the {name} subnets", len(zones) >= 2, evidence, remedy)
    for subnet in private if ingress.internal else public:
        free = subnet["AvailableIpAddressCount"]
        remedy = f"the load balancer needs {BALANCER_ADDRESSES} there: free some, or choose a larger subnet"
        yield finding(f"addresses of {subnet['SubnetId']}", free >= BALANCER_ADDRESSES, f"{free} are free", remedy)
    for subnet in used.get("public", ()):
        destinations = (ANYWHERE, ANYWHERE_IPV6) if ingress.ip_address_type == "dualstack" else (ANYWHERE,)
        routes = {destination: _route(ec2, subnet, destination) for destination in destinations}
        passed = all(route.startswith("igw-") for route in routes.values())
        evidence = ", ".join(f"{destination} leads to {route}" for destination, route in routes.items())
        remedy = f"the load balancer needs a route of {' and of '.join(destinations)} to an internet gateway there"
        yield finding(f"public {subnet['SubnetId']}", passed, evidence, remedy)
        if ingress.ip_address_type == "dualstack":
            blocks = [block["Ipv6CidrBlock"] for block in subnet["Ipv6CidrBlockAssociationSet"]]
            remedy = "add an IPv6 block to it, which a dualstack load balancer needs"
            yield finding(f"IPv6 of {subnet['SubnetId']}", bool(blocks), ", ".join(blocks) or "no IPv6 block", remedy)
    missing = _services_without_endpoint(environment, network.vpc_id)
    instead = f", or VPC endpoints for {', '.join(missing)} (docs/isolated.md)" if missing else ""
    for subnet in private:
        route = _route(ec2, subnet, ANYWHERE)
        isolated = route == NOWHERE and not missing
        passed = isolated or (route != NOWHERE and not route.startswith("igw-"))
        evidence = f"{ANYWHERE} leads to {route}{', and AWS has VPC endpoints' * isolated}"
        remedy = f"the tasks have no public address: they need a route of 0.0.0.0/0 to a NAT gateway there{instead}"
        yield finding(f"private {subnet['SubnetId']}", passed, evidence, remedy)


def _services_without_endpoint(environment: Environment, vpc_id: str) -> list[str]:
    """The services that are called, without those that an endpoint of the VPC stands for, by their own names."""
    pages = (
        environment.session.client("ec2")
        .get_paginator("describe_vpc_endpoints")
        .paginate(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
    )
    present = {
        # In China, some names have another beginning.
        endpoint["ServiceName"].partition(f".{environment.settings.region}.")[2]
        for page in pages
        for endpoint in page["VpcEndpoints"]
        if endpoint["VpcEndpointType"] == "Gateway" or endpoint.get("PrivateDnsEnabled")
    }
    return [service for service in (*_called_services(environment), "s3") if service not in present]


def _subnets(ec2: "EC2Client", ids: Sequence[str]) -> "list[SubnetTypeDef]":
    # Without IDs, AWS describes all.
    return ec2.describe_subnets(SubnetIds=ids)["Subnets"] if ids else []


def _route(ec2: "EC2Client", subnet: "SubnetTypeDef", destination: str) -> str:
    """The id of what the subnet's route of ``destination`` leads to, or ``NOWHERE``."""
    own: Any = [{"Name": "association.subnet-id", "Values": [subnet["SubnetId"]]}]
    main: Any = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "association.main", "Values": ["true"]}]
    tables = (
        ec2.describe_route_tables(Filters=own)["RouteTables"] or ec2.describe_route_tables(Filters=main)["RouteTables"]
    )
    for route in (route for table in tables for route in table["Routes"]):
        destinations = (route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock"))
        if destination in destinations and route.get("State") != "blackhole":
            targets = (str(value) for key, value in route.items() if key.endswith("Id") and value)
            return next(targets, NOWHERE)
    return NOWHERE
