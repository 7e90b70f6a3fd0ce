"""The domain's record in Route 53."""

from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct


class AliasRecord(Construct):
    """An alias record that points a domain name at a load balancer or a distribution.

    Args:
        domain_name: the record's name.
        zone_id: the hosted zone that it is in.
        target_name: the DNS name that AWS has given what it points at.
        target_zone_id: the hosted zone of AWS that ``target_name`` is in.
        ipv6: whether the target has IPv6 addresses too, and needs a second record.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        domain_name: str,
        zone_id: str,
        target_name: str,
        target_zone_id: str,
        ipv6: bool,
    ) -> None:
        super().__init__(scope, id_)
        for record, type_ in {"record": "A", **({"record-ipv6": "AAAA"} if ipv6 else {})}.items():
            Route53Record(
                self,
                record,
                zone_id=zone_id,
                name=domain_name,
                type=type_,
                alias=Route53RecordAlias(name=target_name, zone_id=target_zone_id, evaluate_target_health=False),
            )
