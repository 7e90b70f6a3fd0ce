"""A TLS certificate for a domain in Route 53."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.route53_record import Route53Record
from constructs import Construct


class Certificate(Construct):
    """An ACM certificate that a DNS record validates. ``arn`` is known once AWS has issued it.

    Args:
        domain_name: the domain that it is for.
        zone_id: the hosted zone for the record.
    """

    def __init__(self, scope: Construct, id_: str, *, domain_name: str, zone_id: str) -> None:
        super().__init__(scope, id_)
        certificate = AcmCertificate(
            self,
            "certificate",
            domain_name=domain_name,
            validation_method="DNS",
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        validation = certificate.domain_validation_options.get(0)
        record = Route53Record(
            self,
            # Its id is part of its address in Terraform.
            "proof",
            zone_id=zone_id,
            name=validation.resource_record_name,
            type=validation.resource_record_type,
            records=[validation.resource_record_value],
            ttl=60,
            allow_overwrite=True,
        )
        self.arn = AcmCertificateValidation(
            self, "issued", certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn]
        ).certificate_arn
