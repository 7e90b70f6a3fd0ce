"""The address that users see."""

from typing import Self

from pydantic import model_validator

from settings.arns import CertificateArn
from settings.aws_names import (
    DomainName,
    HostedZoneId,
)
from settings.section import Section, refuse


class Domain(Section):
    """The address of Langfuse. By default, it is the load balancer's own DNS name, without HTTPS.

    For HTTPS, set ``name`` if you have a domain, ``cloudfront`` otherwise, or both for your domain in CloudFront.
    """

    name: DomainName | None = None
    """Domain name of Langfuse, which it serves with HTTPS. Requires ``hosted_zone_id`` or ``certificate_arn``, or
    both."""
    hosted_zone_id: HostedZoneId | None = None
    """Hosted zone of the domain, in which the record of ``name`` is created and, unless ``certificate_arn`` is set, a
    new ACM certificate is validated. By default, no record is created: make ``name`` a CNAME record that points to the
    output ``alb_dns_name`` (with ``cloudfront``, to ``cloudfront_dns_name``) or, in a zone of Route 53
    elsewhere, an alias record, which also needs ``alb_zone_id``. Requires ``name``."""
    certificate_arn: CertificateArn | None = None
    """Existing certificate for ``name``, in the same Region, or in us-east-1 with ``cloudfront``, and in an account of
    ``allowed_account_ids`` if that is set. By default, a new one is issued, and validated in the zone of
    ``hosted_zone_id``. Requires ``name``."""
    cloudfront: bool = False
    """Whether users reach Langfuse through a CloudFront distribution, with HTTPS: at ``name`` or, without it, at
    CloudFront's own domain name. Not allowed in China and GovCloud."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name and not (self.hosted_zone_id or self.certificate_arn):
            refuse("name", self.name, "needs hosted_zone_id (to make a certificate) or certificate_arn beside it")
        for key, value in {"hosted_zone_id": self.hosted_zone_id, "certificate_arn": self.certificate_arn}.items():
            if value and not self.name:
                refuse(key, value, "needs name beside it")
        if self.name and not self.certificate_arn and len(self.name) > 64:
            # https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
            refuse(
                "name", self.name, "must have at most 64 characters for a new certificate, such as langfuse.example.com"
            )
        return self
