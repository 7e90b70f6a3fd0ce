"""The warning about an environment without HTTPS."""

import sys

from settings import Settings
from settings.partition import partition_of


def warn_of_clear_text(settings: Settings) -> None:
    """Prints a line to standard error if users connect to Langfuse by HTTP: what that means, and what to set."""
    if settings.domain.name or settings.domain.cloudfront:
        return
    may_have_cloudfront = partition_of(settings.region) == "aws" and not settings.ingress.internal
    remedy = "domain.name or domain.cloudfront" if may_have_cloudfront else "domain.name"
    sys.stderr.write(
        f"synth: warning: {settings.name} has no HTTPS, so that passwords, API keys and traces travel in clear text:"
        f" set {remedy}\n"
    )
