"""A CloudFront distribution in front of the load balancer: HTTPS for environments without a domain."""

from cdktf_cdktf_provider_aws.cloudfront_distribution import (
    CloudfrontDistribution,
    CloudfrontDistributionDefaultCacheBehavior,
    CloudfrontDistributionOrigin,
    CloudfrontDistributionOriginCustomOriginConfig,
    CloudfrontDistributionRestrictions,
    CloudfrontDistributionRestrictionsGeoRestriction,
    CloudfrontDistributionViewerCertificate,
)
from constructs import Construct

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"

ORIGIN = "load-balancer"


class Cloudfront(Construct):
    """A distribution that forwards every request and caches nothing. ``domain_name`` is CloudFront's own.

    Args:
        name: its comment, which the console shows as its name.
        origin_dns_name: the load balancer's DNS name.
        read_timeout_seconds: how long it waits for each part of an answer, 1 to 120.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, origin_dns_name: str, read_timeout_seconds: int
    ) -> None:
        super().__init__(scope, id_)
        self.domain_name = CloudfrontDistribution(
            self,
            "distribution",
            comment=name,
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
                        origin_read_timeout=read_timeout_seconds,
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
                compress=True,
            ),
            restrictions=CloudfrontDistributionRestrictions(
                geo_restriction=CloudfrontDistributionRestrictionsGeoRestriction(restriction_type="none")
            ),
            viewer_certificate=CloudfrontDistributionViewerCertificate(cloudfront_default_certificate=True),
        ).domain_name
