"""The domain's records in Route 53."""

from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct

from modules.services.load_balancer import LoadBalancer


class AliasRecord(Construct):
    """An alias record that points a domain name at a load balancer.

    Args:
        domain_name: the record's name.
        zone_id: the hosted zone that it is in.
        load_balancer: the load balancer.
        ipv6: whether the load balancer has IPv6 addresses too, which need a record of their own.
    """

    def __init__(
        self, scope: Construct, id_: str, *, domain_name: str, zone_id: str, load_balancer: LoadBalancer, ipv6: bool
    ) -> None:
        super().__init__(scope, id_)
        for record, type_ in {"record": "A", **({"ipv6-record": "AAAA"} if ipv6 else {})}.items():
            Route53Record(
                self,
                record,
                zone_id=zone_id,
                name=domain_name,
                type=type_,
                alias=Route53RecordAlias(
                    name=load_balancer.dns_name, zone_id=load_balancer.zone_id, evaluate_target_health=False
                ),
            )
