"""The domain's entry in Route 53."""

from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct


class AliasRecord(Construct):
    """Points ``domain_name`` at a load balancer, whatever its addresses are."""

    def __init__(
        self, scope: Construct, id_: str, *, domain_name: str, zone_id: str, target: str, target_zone_id: str
    ) -> None:
        super().__init__(scope, id_)
        Route53Record(
            self,
            "record",
            zone_id=zone_id,
            name=domain_name,
            type="A",
            alias=Route53RecordAlias(name=target, zone_id=target_zone_id, evaluate_target_health=False),
        )
