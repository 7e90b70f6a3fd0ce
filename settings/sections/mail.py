"""The mails that Langfuse sends."""

import re
from typing import Self

from pydantic import model_validator

from settings.arns import SecretArn
from settings.aws_names import EmailAddress, HostedZoneId
from settings.section import Section, refuse


class Mail(Section):
    """The mails that Langfuse sends: invitations, notifications, and codes to reset a password. By default, none.

    docs/mail.md describes what must be done outside, and how to test it.
    """

    from_address: EmailAddress | None = None
    """Address that the mails come from. They are sent with Amazon SES in ``region``, by the task role, unless
    ``smtp_secret_arn`` is set. SES in its sandbox sends to verified addresses only: request production access. By
    default, Langfuse sends no mail."""
    hosted_zone_id: HostedZoneId | None = None
    """Public hosted zone that the domain of ``from_address`` is in. Then the SES identity of the domain is created,
    with the three records in the zone that verify it and let SES sign mails (DKIM). By default, SES must have a
    verified identity of the address or of its domain already. Requires ``from_address``, and conflicts with
    ``smtp_secret_arn``."""
    smtp_secret_arn: SecretArn | None = None
    """Mail server to use instead of SES: the ARN of the Secrets Manager secret whose value is its URL with user and
    password, ``smtps://user:password@smtp.example.com:465`` for example. ``network.egress_ports`` must have its port,
    465 or 587 for example, which can't be checked here, but by ``ops doctor``. Requires ``from_address``."""

    @property
    def uses_ses(self) -> bool:
        """Whether mails are sent with SES."""
        return self.from_address is not None and self.smtp_secret_arn is None

    @property
    def sender(self) -> str:
        """The address with its domain in lower case, as nodemailer writes it and SES compares it. May be empty."""
        local_part, at, domain = (self.from_address or "").rpartition("@")
        return f"{local_part}{at}{domain.lower()}"

    @property
    def domain(self) -> str:
        """The domain of ``sender``."""
        return self.sender.rpartition("@")[2]

    def variables(self, region: str) -> dict[str, str]:
        """The variables of the containers that these settings stand for."""
        sender = {"EMAIL_FROM_ADDRESS": self.sender} if self.sender else {}
        return {**sender, **({"SMTP_CONNECTION_URL": f"ses://{region}"} if self.uses_ses else {})}

    @property
    def secrets(self) -> dict[str, str]:
        """The ARNs of the secrets that further variables get their values from."""
        return {"SMTP_CONNECTION_URL": self.smtp_secret_arn} if self.smtp_secret_arn else {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        for key, value in {"hosted_zone_id": self.hosted_zone_id, "smtp_secret_arn": self.smtp_secret_arn}.items():
            if value and not self.from_address:
                refuse(key, value, "needs from_address beside it")
        if self.uses_ses and re.search(r"[*?${}]", self.sender):
            # The policy of the task role names the address.
            refuse("from_address", self.from_address, "must not have *, ?, $, { or } in it, which IAM takes for others")
        if self.hosted_zone_id and self.smtp_secret_arn:
            refuse("hosted_zone_id", self.hosted_zone_id, "is for SES: leave it out, or smtp_secret_arn")
        return self
