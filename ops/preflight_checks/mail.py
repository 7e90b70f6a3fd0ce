"""Whether Amazon SES is ready for the mails of the environment."""

from collections.abc import Iterator
from typing import Any

from ops.environment import Environment
from ops.findings import Finding, Verdict, finding
from ops.ses_identity import identity_of


def mail_identity(environment: Environment) -> Iterator[Finding]:
    """The SES identity is not there, if the deploy makes it; otherwise it is, and is verified."""
    settings = environment.settings
    mail, region = settings.mail, settings.region
    if not mail.uses_ses:
        return
    found = identity_of(environment, region, mail.sender)
    evidence = f"{found.name} is {'verified' if found.is_verified else 'not verified'}" if found else "there is none"
    if mail.hosted_zone_id:
        taken = found is not None and found.name == mail.domain and not _is_own(environment, mail.domain)
        remedy = (
            f"leave mail.hosted_zone_id out, to use the identity as it is; or, if nobody needs it, `aws sesv2"
            f" delete-email-identity --email-identity {mail.domain} --region {region}`"
        )
        yield finding("SES identity is free", not taken, evidence, remedy)
    else:
        remedy = f"verify {mail.domain} in SES in {region}, or set mail.hosted_zone_id if its zone is in this account"
        yield finding("SES identity is verified", found is not None and found.is_verified, evidence, remedy)
    yield sandbox(environment, region)


def sandbox(environment: Environment, region: str) -> Finding:
    """Whether SES sends to everyone in a Region. In its sandbox, it sends to verified addresses only."""
    client: Any = environment.session.client("sesv2", region_name=region)
    account = client.get_account()
    passed = account["ProductionAccessEnabled"] and account["SendingEnabled"]
    state = "is out of its sandbox" if account["ProductionAccessEnabled"] else "is in its sandbox"
    evidence = f"SES in {region} {state}{'' if account['SendingEnabled'] else ', and AWS has paused sending'}"
    remedy = f"request production access for {region} (docs/mail.md): until then, only verified addresses get mails"
    return finding("SES sends to everyone", passed, evidence, remedy, otherwise=Verdict.WARNING)


def _is_own(environment: Environment, domain: str) -> bool:
    """Whether the identity is in the environment's own state."""
    return any(resource.attributes.get("email_identity") == domain for resource in environment.resources)
