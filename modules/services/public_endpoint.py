"""The endpoint that users connect to: the load balancer, and what gives it an address with HTTPS."""

from cdktf import TerraformProvider
from constructs import Construct

from modules.network.existing_vpc import ExistingVpc
from modules.network.vpc import Vpc
from modules.services.load_balancer import LoadBalancer
from settings.partition import CLOUDFRONT_REGION
from settings.sections.domain import Domain
from settings.sections.ingress import Ingress


class PublicEndpoint(Construct):
    """The load balancer at the address that ``settings`` ask for; ``url`` is the origin that users' browsers show.

    - A domain: HTTPS with the given certificate, or with a new certificate where there is a hosted zone for its
      validation. The hosted zone also gets the domain's record.
    - CloudFront: HTTPS there, at the domain or at CloudFront's own name. The load balancer serves HTTP to it.
    - Neither: HTTP at the load balancer's own name.

    The web ACL, where there is one, is at CloudFront or else at the load balancer. ``blocked_requests`` is its metric.

    Args:
        name: what the names of its resources start with.
        global_name: the same for names that an account has once for all Regions.
        settings: the domain.
        ingress: where the load balancer is reached from, whether there is a web ACL, and whether requests are logged.
        region: the AWS Region.
        cloudfront_provider: the provider for CloudFront's Region, if the stack is in another.
        vpc: the VPC.
        security_group_id: who may connect to the load balancer.
        base_path: the path that web serves at, without a slash at its end; empty for all paths.
        deletion_protection: whether AWS refuses to delete the load balancer, and a bucket of logs that is not empty.
        log_retention_days: after how many days the access logs are deleted.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        global_name: str,
        settings: Domain,
        ingress: Ingress,
        region: str,
        cloudfront_provider: TerraformProvider | None,
        vpc: Vpc | ExistingVpc,
        security_group_id: str,
        base_path: str,
        deletion_protection: bool,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        provider = cloudfront_provider if settings.cloudfront else None
        certificate_arn = settings.certificate_arn or self._issued_certificate_arn(settings, provider)
        access_logs_bucket = None
        # Some imports are where they are used, since most environments do without them, and synth is faster so.
        if ingress.access_logs:
            from modules.services.access_logs_bucket import AccessLogsBucket

            access_logs_bucket = AccessLogsBucket(
                self,
                "access-logs",
                name_prefix=f"{name}-access-logs-",
                region=region,
                retention_days=log_retention_days,
                cloudfront=settings.cloudfront,
                force_destroy=not deletion_protection,
            )
        web_acl = None
        if ingress.waf:
            from modules.services.web_acl import WebAcl

            web_acl = WebAcl(
                self,
                # Another address for each, since Terraform would look for a web ACL of the same address in us-east-1.
                "cloudfront-web-acl" if settings.cloudfront else "web-acl",
                # CloudFront's web ACLs of all Regions are in us-east-1.
                name=global_name if settings.cloudfront else name,
                cloudfront=settings.cloudfront,
                requests_per_five_minutes=ingress.waf_requests_per_five_minutes,
                region=CLOUDFRONT_REGION if settings.cloudfront else region,
                provider=provider,
            )
        self.blocked_requests = web_acl.blocked_requests if web_acl else None
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
            certificate_arn=None if settings.cloudfront else certificate_arn,
            access_logs_bucket=access_logs_bucket,
        )
        if web_acl and not settings.cloudfront:
            web_acl.protect(self.load_balancer)
        self.url = f"http://{self.load_balancer.dns_name}"
        self.cloudfront_dns_name = None
        address, zone_of_address = self.load_balancer.dns_name, self.load_balancer.zone_id
        if settings.cloudfront:
            from modules.services.cloudfront import Cloudfront

            cloudfront = Cloudfront(
                self,
                "cloudfront",
                name=name,
                global_name=global_name,
                origin_dns_name=self.load_balancer.dns_name,
                domain_name=settings.name,
                certificate_arn=certificate_arn,
                web_acl_arn=web_acl.arn if web_acl else None,
                access_logs_bucket=access_logs_bucket,
                read_timeout_seconds=ingress.idle_timeout_seconds,
            )
            self.cloudfront_dns_name = cloudfront.dns_name
            self.url = f"https://{cloudfront.dns_name}"
            address, zone_of_address = cloudfront.dns_name, cloudfront.zone_id
        if settings.name:
            self.url = f"https://{settings.name}"
        if settings.name and settings.hosted_zone_id:
            from modules.services.alias_record import AliasRecord

            AliasRecord(
                self,
                "record",
                domain_name=settings.name,
                zone_id=settings.hosted_zone_id,
                target_name=address,
                target_zone_id=zone_of_address,
                ipv6=settings.cloudfront or ingress.ip_address_type == "dualstack",
            )

    def _issued_certificate_arn(self, settings: Domain, provider: TerraformProvider | None) -> str | None:
        """The ARN of a new certificate of the domain, if there is a hosted zone that validates it."""
        if not (settings.name and settings.hosted_zone_id):
            return None
        from modules.services.certificate import Certificate

        return Certificate(
            self, "certificate", domain_name=settings.name, zone_id=settings.hosted_zone_id, provider=provider
        ).arn
