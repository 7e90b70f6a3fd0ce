"""Egress: which TCP ports the tasks may connect to on the internet, and which ones their variables need.

The security groups close every other port. A connection through a closed one is no error but a time-out: mails are not
sent, sign-in hangs, while everything that AWS checks is healthy.
"""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from settings import ports

DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    # Of nodemailer, Langfuse's mailer: https://github.com/nodemailer/nodemailer/blob/master/lib/smtp-connection/index.js
    "smtp": 587,
    "smtps": 465,
    # Amazon's API, not SMTP.
    "ses": 443,
    "redis": ports.REDIS,
    "rediss": ports.REDIS,
    "postgres": ports.POSTGRES,
    "postgresql": ports.POSTGRES,
    "clickhouse": ports.CLICKHOUSE_NATIVE,
}
"""The port of a URL that names none, by its scheme."""

NOT_CONNECTED_TO = re.compile(
    r"LANGFUSE_UI_(?!DEFAULT_BASE_URL_).*|\w+_EXTERNAL_ENDPOINT|SENTRY_CSP_REPORT_URI|NEXTAUTH_URL|"
    r"LANGFUSE_MCP_ALLOWED_HOSTS|\w+_WHITELISTED_HOST|NO_PROXY"
)
"""Variables with addresses that browsers open, that requests come from, or that are compared with other addresses.

Source: Langfuse 4.16.0, web/src/ee/features/ui-customization, web/next.config.mjs, web/src/features/mcp/server,
packages/shared/src/server/outbound-url.
"""
ADDRESS = re.compile(r"(.*_)?(ENDPOINT|GATEWAY|HOST|ISSUER|NODE|PROXY|SERVER|UR[IL]|WEBHOOK)S?(_.*)?")
"""The names of variables with addresses. In others, a URL may be just a name, such as that of a claim."""
HOST_AND_PORT = re.compile(r"[A-Za-z0-9._-]+:[0-9]+(/.*)?")


def open_ports(*, external_clickhouse: bool, egress_ports: Sequence[int], isolated: bool) -> tuple[int, ...]:
    """The TCP ports that the services may connect to outside the VPC, each once, sorted.

    Args:
        external_clickhouse: whether ClickHouse is outside the VPC.
        egress_ports: further ports.
        isolated: whether there is no way to the internet, and AWS's APIs and the image registry have endpoints.
    """
    # AWS's APIs, the image registry, single sign-on and model providers have 443.
    https = () if isolated else (ports.HTTPS,)
    clickhouse = ports.CLICKHOUSE_TLS if external_clickhouse else ()
    return tuple(sorted({*https, *clickhouse, *egress_ports}))


def needed_ports(variable: str, value: str) -> set[int]:
    """The TCP ports that Langfuse connects to for the addresses in a variable's value.

    The variable must be named for an address. Addresses are URLs or ``host:port``; several are separated by commas or
    spaces. Security groups do not concern the addresses of the task itself, nor link-local ones, such as that of its
    credentials.
    """
    if NOT_CONNECTED_TO.fullmatch(variable) or not ADDRESS.fullmatch(variable):
        return set()
    addresses = (_parsed(part) for part in re.split(r"[,\s]+", value))
    return {
        port
        for address in addresses
        if address and address.hostname and not _is_local(address.hostname)
        if (port := address.port or DEFAULT_PORTS.get(address.scheme))
    }


def _parsed(text: str) -> SplitResult | None:
    """The parts of a URL, or of ``host:port``; None if the text is neither."""
    without_scheme = HOST_AND_PORT.fullmatch(text)
    try:
        parts = urlsplit(f"//{text}" if without_scheme else text)
        # Reading a port that is no number, or too large, raises.
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local or address.is_unspecified
