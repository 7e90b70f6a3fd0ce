"""How users get in: the load balancer, and what gives it an address with HTTPS."""

from collections.abc import Sequence

from constructs import Construct

from modules.load_balancer import LoadBalancer
from settings import Settings


class Entrance(Construct):
    """The load balancer at the address that ``settings.domain`` asks for; ``url`` is what browsers show.

    - A domain: HTTPS with the given certificate, or with a new one where there is a hosted zone to prove it in; the
      zone also gets the record.
    - CloudFront: HTTPS at CloudFront's own domain.
    - Neither: HTTP at the load balancer's own name.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        vpc_id: str,
        subnet_ids: Sequence[str],
        security_group_id: str,
    ) -> None:
        super().__init__(scope, id_)
        # Imported where they are used: what most environments do without need not slow their synth.
        domain = settings.domain
        certificate_arn = domain.certificate_arn
        if domain.name and domain.hosted_zone_id and not certificate_arn:
            from modules.certificate import Certificate

            certificate = Certificate(self, "certificate", domain_name=domain.name, zone_id=domain.hosted_zone_id)
            certificate_arn = certificate.arn
        self.load_balancer = LoadBalancer(
            self,
            "load-balancer",
            name=settings.prefix,
            vpc_id=vpc_id,
            subnet_ids=subnet_ids,
            security_group_id=security_group_id,
            deletion_protection=settings.deletion_protection,
            certificate_arn=certificate_arn,
        )
        self.url = f"http://{self.load_balancer.dns_name}"
        if domain.name:
            self.url = f"https://{domain.name}"
        if domain.name and domain.hosted_zone_id:
            from modules.alias_record import AliasRecord

            AliasRecord(
                self,
                "record",
                domain_name=domain.name,
                zone_id=domain.hosted_zone_id,
                target=self.load_balancer.dns_name,
                target_zone_id=self.load_balancer.zone_id,
            )
        if domain.cloudfront:
            from modules.cloudfront import Cloudfront

            cloudfront = Cloudfront(
                self, "cloudfront", name=settings.prefix, origin_dns_name=self.load_balancer.dns_name
            )
            self.url = f"https://{cloudfront.domain_name}"
