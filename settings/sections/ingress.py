"""Who may connect to the load balancer."""

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from settings.aws_names import PRIVATE, Cidrs
from settings.field_types import WafRequests
from settings.section import Section, refuse


class Ingress(Section):
    """Who may connect to the load balancer, from where, and what is logged of it. By default, everyone may."""

    allowed_cidrs: Cidrs | None = None
    """Addresses that may connect to the load balancer. By default, every IPv4 address may and, with the
    ``ip_address_type`` ``dualstack``, every IPv6 address. IPv6 blocks require ``dualstack``, and private IPv4 blocks
    (RFC 1918) require ``internal``. Conflicts with ``domain.cloudfront``. Include the addresses of those who run
    ``ops smoke``."""
    internal: bool = False
    """Whether the load balancer is in the private subnets, with private addresses: it is reached from the VPC, and from
    networks that are connected to it by VPN, peering or Direct Connect. An existing VPC then needs no public subnets.
    By default, the load balancer is in the public subnets, and is reached from the internet. Conflicts with
    ``domain.cloudfront`` and ``dualstack``. Set it before the first deploy."""
    ip_address_type: Literal["ipv4", "dualstack"] = "ipv4"
    """Addresses of the load balancer: IPv4, or IPv4 and IPv6. With ``dualstack``, a new VPC gets an IPv6 block from
    Amazon, and each public subnet a part of it; the public subnets of an existing VPC must have IPv6 blocks, and a
    route of ``::/0`` to an internet gateway. The private subnets, and thus the tasks and databases, stay IPv4 only.
    Conflicts with ``internal``, since a load balancer with IPv6 addresses needs subnets with IPv6 blocks, and with
    ``domain.cloudfront``, which connects to it by IPv4 and itself serves both."""
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=4000)] = 60
    """Seconds after which the load balancer closes a connection over which nothing is sent: raise it for requests that
    take longer to answer, such as long model calls in the playground. Langfuse keeps its connections open for 50
    seconds more. At most 120 with ``domain.cloudfront``: CloudFront waits no longer for an answer."""
    waf: bool = False
    """Whether an AWS WAF web ACL inspects the requests: at the load balancer, or at CloudFront with
    ``domain.cloudfront``. It blocks addresses that send more than ``waf_requests_per_five_minutes``, those with a bad
    reputation, and known attacks in headers, paths and queries. Bodies are only counted, since prompts and traces are
    long and contain any text (docs/ingress.md)."""
    waf_requests_per_five_minutes: WafRequests = 10_000
    """Number of requests in five minutes above which an address is blocked, until it sends fewer. All SDKs and users
    behind one NAT gateway have the same address. Requires ``waf``."""
    access_logs: bool = False
    """Whether the load balancer, and CloudFront with ``domain.cloudfront``, log every request into a bucket of their
    own, which deletes the logs after ``log_retention_days``. Before it is set to ``false`` again, the bucket must be
    emptied, or ``deletion_protection`` be ``false``. With ``domain.cloudfront`` not allowed in Regions that an account
    has to opt in to, since CloudFront can't write to buckets there."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.internal and self.ip_address_type == "dualstack":
            refuse("ip_address_type", "dualstack", 'must be "ipv4" with internal: the private subnets have no IPv6')
        for cidr in self.allowed_cidrs or ():
            network = ipaddress.ip_network(cidr)
            if network.version == 6 and self.ip_address_type == "ipv4":
                refuse("allowed_cidrs", self.allowed_cidrs, f'{cidr} is IPv6, which needs ip_address_type "dualstack"')
            # Its name has public addresses, which nobody reaches from a private one.
            if not self.internal and any(network.version == 4 and network.subnet_of(block) for block in PRIVATE):
                refuse(
                    "allowed_cidrs", self.allowed_cidrs, f"{cidr} is private (RFC 1918), which needs internal = true"
                )
        return self
