"""A DNS name inside the VPC."""

from cdktf_cdktf_provider_aws.route53_record import Route53Record
from cdktf_cdktf_provider_aws.route53_zone import Route53Zone, Route53ZoneVpc
from constructs import Construct

TTL_SECONDS = 60


class PrivateDnsRecord(Construct):
    """A record in a private hosted zone of its own. Clients notice another ``address`` within a minute.

    Args:
        vpc_id: the VPC that the name is known in.
        name: ``<host>.<zone>``.
        address: the IPv4 address that it stands for.
    """

    def __init__(self, scope: Construct, id_: str, *, vpc_id: str, name: str, address: str) -> None:
        super().__init__(scope, id_)
        zone_name = name.partition(".")[2]
        zone = Route53Zone(self, "zone", name=zone_name, vpc=[Route53ZoneVpc(vpc_id=vpc_id)])
        Route53Record(
            self,
            "record",
            zone_id=zone.zone_id,
            name=name,
            type="A",
            ttl=TTL_SECONDS,
            records=[address],
        )
