"""The SES identity that mails come from."""

from cdktf import Fn
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.route53_record import Route53Record
from cdktf_cdktf_provider_aws.sesv2_email_identity import Sesv2EmailIdentity
from constructs import Construct

from modules.services.roles import MailSender
from settings.partition import partition_of
from settings.sections.mail import Mail
from settings.ses import dkim_domain

DKIM_KEYS = 3
"""Number of records that SES wants: https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy.html"""


class MailIdentity(Construct):
    """The SES identity of a domain, with its DKIM records; only if there is a hosted zone for these.

    SES looks for the records itself, and verifies the domain within 72 hours, most often within minutes. It uses the
    identity of an address, if there is one, before that of the domain. So ``sender`` has both.

    Args:
        settings: the address, and the hosted zone.
        region: the AWS region.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: Mail, region: str) -> None:
        super().__init__(scope, id_)
        account_id = DataAwsCallerIdentity(self, "account").account_id
        arn = f"arn:{partition_of(region)}:ses:{region}:{account_id}:identity"
        self.sender = MailSender(settings.sender, [f"{arn}/{settings.domain}", f"{arn}/{settings.sender}"])
        if not settings.hosted_zone_id:
            return
        tokens = Sesv2EmailIdentity(self, "identity", email_identity=settings.domain).dkim_signing_attributes.tokens
        for number in range(DKIM_KEYS):
            token = Fn.element(tokens, number)
            Route53Record(
                self,
                f"dkim-{number}",
                zone_id=settings.hosted_zone_id,
                name=f"{token}._domainkey.{settings.domain}",
                type="CNAME",
                records=[f"{token}.{dkim_domain(region)}"],
                ttl=1800,
                # Nobody else uses the name: SES gives each identity tokens of its own.
                allow_overwrite=True,
            )
