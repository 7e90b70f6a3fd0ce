"""A name that only the VPC knows."""

from cdktf_cdktf_provider_aws.route53_record import Route53Record
from cdktf_cdktf_provider_aws.route53_zone import Route53Zone, Route53ZoneVpc
from constructs import Construct

TTL_SECONDS = 60


class PrivateName(Construct):
    """``host`` in a private zone of the VPC; a new ``address`` behind it is known within a minute."""

    def __init__(self, scope: Construct, id_: str, *, vpc_id: str, zone_name: str, host: str, address: str) -> None:
        super().__init__(scope, id_)
        zone = Route53Zone(self, "zone", name=zone_name, vpc=[Route53ZoneVpc(vpc_id=vpc_id)])
        Route53Record(
            self,
            "record",
            zone_id=zone.zone_id,
            name=f"{host}.{zone_name}",
            type="A",
            ttl=TTL_SECONDS,
            records=[address],
        )
