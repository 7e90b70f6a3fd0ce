"""A TLS certificate for a domain in Route 53."""

from cdktf import TerraformProvider, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.route53_record import Route53Record
from constructs import Construct


class Certificate(Construct):
    """An ACM certificate that a DNS record validates. ``arn`` is known once AWS has issued it.

    Args:
        domain_name: the domain that it is for.
        zone_id: the hosted zone for the record.
        provider: the provider of another Region to issue it in. By default, that of the stack.
    """

    def __init__(
        self, scope: Construct, id_: str, *, domain_name: str, zone_id: str, provider: TerraformProvider | None = None
    ) -> None:
        super().__init__(scope, id_)
        # Another address in another Region: Terraform would look for a certificate of the same address there. The
        # record is the same in every Region of an account.
        elsewhere = f"-{provider.alias}" if provider else ""
        certificate = AcmCertificate(
            self,
            f"certificate{elsewhere}",
            domain_name=domain_name,
            validation_method="DNS",
            provider=provider,
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
            self,
            f"issued{elsewhere}",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            provider=provider,
        ).certificate_arn
