"""What users connect to: the load balancer, CloudFront and the web ACL."""

from collections.abc import Iterator

from cost import HOURS_A_MONTH
from cost.item import Item
from cost.resources import Resource, Resources
from cost.usage import Usage

PART = "load balancer"


def load_balancer(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """The load balancer, its capacity units, its public addresses, and what leaves through it to the internet.

    A capacity unit is a GB in an hour, and 25 new connections a second, which so little traffic does not reach:
    https://aws.amazon.com/elasticloadbalancing/pricing/
    """
    yield Item(PART, "load balancer", HOURS_A_MONTH, "alb")
    processed = resources.share(resource, usage.traffic_gb + usage.received_gb)
    yield Item(PART, "capacity units", processed, "alb-lcu", ("traffic_gb", "received_gb"))
    if resource.flag("internal"):
        return
    yield Item(PART, "its public addresses", resource.subnets("subnets") * HOURS_A_MONTH, "public-ipv4")
    # AWS does not charge what goes to CloudFront.
    if not resources.of("aws_cloudfront_distribution"):
        traffic = resources.share(resource, usage.traffic_gb)
        yield Item(PART, "traffic to the internet", traffic, "internet-gb", ("traffic_gb",))


def cloudfront(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """What leaves through CloudFront, and the requests."""
    traffic = resources.share(resource, usage.traffic_gb)
    yield Item(PART, "traffic through CloudFront", traffic, "cloudfront-gb", ("traffic_gb",))
    requests = resources.share(resource, usage.requests_millions * 100)
    yield Item(PART, "requests to CloudFront", requests, "cloudfront-10k-requests", ("requests_millions",))


def web_acl(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """The web ACL, its rules, and the requests that it inspects."""
    yield Item(PART, "web ACL", 1, "waf-acl")
    yield Item(PART, "rules of the web ACL", len(resource.blocks("rule")), "waf-rule")
    requests = resources.share(resource, usage.requests_millions)
    yield Item(PART, "requests to the web ACL", requests, "waf-million-requests", ("requests_millions",))
