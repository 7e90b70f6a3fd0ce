"""What an AWS Region offers: EC2 instance types and RDS instance classes, of which ministack 1.5 knows a few.

Here, every zone offers every type, except the zones that lack many of them on AWS.
"""

import re

from ministack.core.responses import get_region
from ministack.services import ec2, rds

from local.emulator.ministack_gaps import Answer, Handler, Parameters, wraps
from settings.zones import EXCLUDED_ZONE_IDS

POSTGRES_VERSIONS = ("15.15", "16.11", "17.7", "18.1")
VCPUS = re.compile(rb"(?<=<instanceType>)([^<]*)(</instanceType>.*?<defaultVCpus>)\d+", re.DOTALL)


def add_instance_type_offerings() -> None:
    """Makes ministack answer EC2 DescribeInstanceTypeOfferings, which it lacks."""
    ec2._ACTION_MAP["DescribeInstanceTypeOfferings"] = _offerings


def _offerings(params: Parameters) -> Answer:
    by_zone = ec2._p(params, "LocationType") == "availability-zone"
    items = "".join(
        f"<item><instanceType>{type_}</instanceType><location>{location}</location></item>"
        for type_ in ec2._parse_filters(params).get("instance-type", [])
        for location in (_zones() if by_zone else [get_region()])
    )
    answer: Answer = ec2._xml(
        200, "DescribeInstanceTypeOfferingsResponse", f"<instanceTypeOfferingSet>{items}</instanceTypeOfferingSet>"
    )
    return answer


def _zones() -> list[str]:
    _, _, body = ec2._ACTION_MAP["DescribeAvailabilityZones"]({})
    zones = re.findall(r"<zoneName>(.*?)</zoneName>.*?<zoneId>(.*?)</zoneId>", body.decode(), re.DOTALL)
    return [name for name, id_ in zones if id_ not in EXCLUDED_ZONE_IDS]


@wraps(ec2, "DescribeInstanceTypes")
def instance_types_with_their_vcpus(describe: Handler, params: Parameters) -> Answer:
    """EC2 DescribeInstanceTypes in ministack 1.5 gives each type from ``large`` on 8 vCPUs."""
    status, headers, body = describe(params)
    return status, headers, VCPUS.sub(lambda type_: b"%s%s%d" % (type_[1], type_[2], vcpus_of(type_[1].decode())), body)


def vcpus_of(instance_type: str) -> int:
    """The vCPUs of a type, by the rule that the sizes of AWS's current families follow."""
    family, size = instance_type.split(".")
    if size.endswith("xlarge"):
        return 4 * int(size.removesuffix("xlarge") or 1)
    return 1 if size == "medium" and not family.startswith("t") else 2


@wraps(rds, "DescribeOrderableDBInstanceOptions")
def orderable_options(_describe: Handler, params: Parameters) -> Answer:
    """RDS DescribeOrderableDBInstanceOptions in ministack 1.5 knows ten classes, of Intel's, and one version.

    This answer has what ``ops preflight`` reads: the class that it asks for, with each major version of PostgreSQL.
    """
    zones = "".join(f"<AvailabilityZone><Name>{name}</Name></AvailabilityZone>" for name in _zones())
    options = "".join(
        f"<OrderableDBInstanceOption><Engine>postgres</Engine><EngineVersion>{version}</EngineVersion>"
        f"<DBInstanceClass>{rds._p(params, 'DBInstanceClass')}</DBInstanceClass>"
        f"<AvailabilityZones>{zones}</AvailabilityZones>"
        "<MultiAZCapable>true</MultiAZCapable><Vpc>true</Vpc></OrderableDBInstanceOption>"
        for version in POSTGRES_VERSIONS
    )
    answer: Answer = rds._xml(
        200,
        "DescribeOrderableDBInstanceOptionsResponse",
        "<DescribeOrderableDBInstanceOptionsResult>"
        f"<OrderableDBInstanceOptions>{options}</OrderableDBInstanceOptions>"
        "</DescribeOrderableDBInstanceOptionsResult>",
    )
    return answer
