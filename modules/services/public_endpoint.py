"""The endpoint that users connect to: the load balancer, and what gives it an address with HTTPS."""

from constructs import Construct

from modules.network.existing_vpc import ExistingVpc
from modules.network.vpc import Vpc
from modules.services.load_balancer import LoadBalancer
from settings.sections.domain import Domain
from settings.sections.ingress import Ingress


class PublicEndpoint(Construct):
    """The load balancer at the address that ``settings`` ask for; ``url`` is the origin that users' browsers show.

    - A domain: HTTPS with the given certificate, or with a new certificate where there is a hosted zone for its
      validation. The hosted zone also gets the domain's record.
    - CloudFront: HTTPS at CloudFront's own domain.
    - Neither: HTTP at the load balancer's own name.

    Args:
        name: what the names of its resources start with.
        settings: the domain.
        ingress: where the load balancer is reached from, and its idle timeout.
        vpc: the VPC.
        security_group_id: who may connect to the load balancer.
        base_path: the path that web serves at, without a slash at its end; empty for all paths.
        deletion_protection: whether AWS refuses to delete the load balancer.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        settings: Domain,
        ingress: Ingress,
        vpc: Vpc | ExistingVpc,
        security_group_id: str,
        base_path: str,
        deletion_protection: bool,
    ) -> None:
        super().__init__(scope, id_)
        # Some imports are where they are used, since most environments do without them, and synth is faster so.
        certificate_arn = settings.certificate_arn
        if settings.name and settings.hosted_zone_id and not certificate_arn:
            from modules.services.certificate import Certificate

            certificate = Certificate(self, "certificate", domain_name=settings.name, zone_id=settings.hosted_zone_id)
            certificate_arn = certificate.arn
        self.load_balancer = LoadBalancer(
            self,
            "load-balancer",
            name=name,
            settings=ingress,
            vpc_id=vpc.id,
            subnet_ids=vpc.private_subnet_ids if ingress.internal else vpc.public_subnet_ids,
            security_group_id=security_group_id,
            base_path=base_path,
            deletion_protection=deletion_protection,
            certificate_arn=certificate_arn,
        )
        self.url = f"http://{self.load_balancer.dns_name}"
        if settings.name:
            self.url = f"https://{settings.name}"
        if settings.name and settings.hosted_zone_id:
            from modules.services.alias_record import AliasRecord

            AliasRecord(
                self,
                "record",
                domain_name=settings.name,
                zone_id=settings.hosted_zone_id,
                load_balancer=self.load_balancer,
                ipv6=ingress.ip_address_type == "dualstack",
            )
        if settings.cloudfront:
            from modules.services.cloudfront import Cloudfront

            cloudfront = Cloudfront(
                self,
                "cloudfront",
                name=name,
                origin_dns_name=self.load_balancer.dns_name,
                read_timeout_seconds=ingress.idle_timeout_seconds,
            )
            self.url = f"https://{cloudfront.domain_name}"
