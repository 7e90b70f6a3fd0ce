"""The identity with which Amazon SES sends mails from an address."""

from typing import Any, NamedTuple

from ops.environment import Environment


class SesIdentity(NamedTuple):
    """An identity of SES: an address or a domain, and whether it is verified."""

    name: str
    is_verified: bool


def identity_of(environment: Environment, region: str, address: str) -> SesIdentity | None:
    """The identity that SES uses for an address: its own, or else that of its domain. None if there is neither."""
    client: Any = environment.session.client("sesv2", region_name=region)
    for name in (address, address.rpartition("@")[2]):
        try:
            answer = client.get_email_identity(EmailIdentity=name)
        except client.exceptions.NotFoundException:
            continue
        return SesIdentity(name, answer["VerifiedForSendingStatus"])
    return None
