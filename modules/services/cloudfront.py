"""A CloudFront distribution in front of the load balancer."""

from typing import TYPE_CHECKING

from cdktf_cdktf_provider_aws.cloudfront_distribution import (
    CloudfrontDistribution,
    CloudfrontDistributionDefaultCacheBehavior,
    CloudfrontDistributionLoggingConfig,
    CloudfrontDistributionOrigin,
    CloudfrontDistributionOriginCustomOriginConfig,
    CloudfrontDistributionRestrictions,
    CloudfrontDistributionRestrictionsGeoRestriction,
    CloudfrontDistributionViewerCertificate,
)
from cdktf_cdktf_provider_aws.cloudfront_response_headers_policy import (
    CloudfrontResponseHeadersPolicy,
    CloudfrontResponseHeadersPolicySecurityHeadersConfig,
    CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity,
)
from constructs import Construct

from modules.accepted_findings import LOG4J_IN_BODIES, accept_findings

if TYPE_CHECKING:
    from modules.services.access_logs_bucket import AccessLogsBucket

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"

ORIGIN = "load-balancer"
HSTS_SECONDS = 365 * 24 * 60 * 60
# TLS 1.3, or 1.2 for viewers without it. The version of the AWS provider does not know the policies of 2025 yet.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
TLS_POLICY = "TLSv1.2_2021"


class Cloudfront(Construct):
    """A distribution that forwards every request, caches nothing, and tells browsers to use HTTPS only (HSTS).

    ``dns_name`` is CloudFront's own name of it, and ``zone_id`` the hosted zone of that, for an alias record.

    Args:
        name: its comment, which the console shows as its name.
        global_name: the name of its response headers policy, which an account has once for all Regions.
        origin_dns_name: the load balancer's DNS name.
        domain_name: the domain that it serves, beside CloudFront's own, with the certificate ``certificate_arn``.
        certificate_arn: a certificate in us-east-1.
        web_acl_arn: a web ACL with the scope of CloudFront. With None, it has no web ACL.
        access_logs_bucket: where it logs every request. With None, it does not log.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        global_name: str,
        origin_dns_name: str,
        domain_name: str | None,
        certificate_arn: str | None,
        web_acl_arn: str | None,
        access_logs_bucket: "AccessLogsBucket | None",
    ) -> None:
        super().__init__(scope, id_)
        # AWS's managed policy with HSTS also sets other headers, which are Langfuse's to choose.
        hsts = CloudfrontResponseHeadersPolicy(
            self,
            "hsts",
            name=f"{global_name}-hsts",
            comment=f"{global_name}: HTTPS only",
            security_headers_config=CloudfrontResponseHeadersPolicySecurityHeadersConfig(
                strict_transport_security=CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity(
                    access_control_max_age_sec=HSTS_SECONDS, override=True
                )
            ),
        )
        accept_findings(
            hsts, {"CKV_AWS_259": "Subdomains and browsers' preload lists are for the owner of the domain to decide"}
        )
        distribution = CloudfrontDistribution(
            self,
            "distribution",
            comment=name,
            aliases=[domain_name] if domain_name else None,
            web_acl_id=web_acl_arn,
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            origin=[
                CloudfrontDistributionOrigin(
                    origin_id=ORIGIN,
                    domain_name=origin_dns_name,
                    custom_origin_config=CloudfrontDistributionOriginCustomOriginConfig(
                        http_port=80,
                        https_port=443,
                        origin_protocol_policy="http-only",
                        origin_ssl_protocols=["TLSv1.2"],
                        origin_read_timeout=60,
                    ),
                )
            ],
            default_cache_behavior=CloudfrontDistributionDefaultCacheBehavior(
                target_origin_id=ORIGIN,
                viewer_protocol_policy="redirect-to-https",
                allowed_methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
                cached_methods=["GET", "HEAD"],
                cache_policy_id=CACHING_DISABLED,
                origin_request_policy_id=ALL_VIEWER,
                response_headers_policy_id=hsts.id,
                compress=True,
            ),
            restrictions=CloudfrontDistributionRestrictions(
                geo_restriction=CloudfrontDistributionRestrictionsGeoRestriction(restriction_type="none")
            ),
            viewer_certificate=_certificate(certificate_arn),
            logging_config=_logs_in(access_logs_bucket) if access_logs_bucket else None,
            # CloudFront refuses a bucket without ACLs.
            depends_on=[access_logs_bucket.ownership] if access_logs_bucket else None,
        )
        accept_findings(
            distribution,
            {
                "CKV_AWS_68": "Whether it has a web ACL is the environment's choice: ingress.waf",
                "CKV_AWS_86": "Whether every request is logged is the environment's choice: ingress.access_logs",
                "CKV_AWS_174": "CloudFront's own certificate has no choice of the TLS version; a domain's has",
                "CKV_AWS_305": "Langfuse serves its root itself",
                "CKV_AWS_310": "There is one load balancer, in several Availability Zones",
                "CKV_AWS_374": "Users may be in every country",
                "CKV2_AWS_42": "Without a domain there is no certificate",
                "CKV2_AWS_46": "Its origin is a load balancer, not S3",
                "CKV2_AWS_47": LOG4J_IN_BODIES,
            },
        )
        self.dns_name = distribution.domain_name
        self.zone_id = distribution.hosted_zone_id


def _certificate(arn: str | None) -> CloudfrontDistributionViewerCertificate:
    if arn is None:
        return CloudfrontDistributionViewerCertificate(cloudfront_default_certificate=True)
    return CloudfrontDistributionViewerCertificate(
        acm_certificate_arn=arn, ssl_support_method="sni-only", minimum_protocol_version=TLS_POLICY
    )


def _logs_in(bucket: "AccessLogsBucket") -> CloudfrontDistributionLoggingConfig:
    return CloudfrontDistributionLoggingConfig(
        bucket=bucket.bucket.bucket_domain_name, prefix=bucket.cloudfront_prefix, include_cookies=False
    )
