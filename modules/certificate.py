"""A TLS certificate for a domain in Route 53."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.route53_record import Route53Record
from constructs import Construct


class Certificate(Construct):
    """An ACM certificate, proved by a record in the zone; ``arn`` is usable once AWS has issued it."""

    def __init__(self, scope: Construct, id_: str, *, domain_name: str, zone_id: str) -> None:
        super().__init__(scope, id_)
        certificate = AcmCertificate(
            self,
            "certificate",
            domain_name=domain_name,
            validation_method="DNS",
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        proof = certificate.domain_validation_options.get(0)
        record = Route53Record(
            self,
            "proof",
            zone_id=zone_id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=60,
            allow_overwrite=True,
        )
        self.arn = AcmCertificateValidation(
            self, "issued", certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn]
        ).certificate_arn
