"""Requests that AWS Certificate Manager refuses."""

from ministack.core.responses import get_account_id
from ministack.services import alb

from local.emulator.rules.cloudfront import values_of_distributions
from local.emulator.rules.rule import Request, refuses


@refuses("acm", "DeleteCertificate", code="ResourceInUseException")
def certificate_in_use(request: Request) -> str | None:
    """The listeners and distributions that serve it are changed or deleted first."""
    arn = request["CertificateArn"]
    of_listeners = (served for listener in alb._listeners.values() for served in listener.get("Certificates", []))
    in_use = arn in {*of_listeners, *values_of_distributions("ACMCertificateArn")}
    return f"Certificate {arn} in account {get_account_id()} is in use." if in_use else None
