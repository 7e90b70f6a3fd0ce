"""Requests that Amazon SES refuses."""

from ministack.services import ses_v2

from local.emulator.rules.rule import Request, refuses


@refuses("sesv2", "CreateEmailIdentity", code="AlreadyExistsException")
def identity_exists(request: Request) -> str | None:
    """An account has an identity once in a Region; ministack makes it anew.

    See https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateEmailIdentity.html.
    """
    name = request["EmailIdentity"]
    return f"Email identity {name} already exist." if name in ses_v2._identities else None


@refuses("sesv2", "DeleteEmailIdentity", code="NotFoundException")
def identity_absent(request: Request) -> str | None:
    """See https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteEmailIdentity.html."""
    name = request["EmailIdentity"]
    return None if name in ses_v2._identities else f"Email identity {name} does not exist."
