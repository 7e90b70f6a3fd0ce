"""Who may connect to the load balancer."""

from settings.field_types import WafRequests
from settings.section import Section


class Ingress(Section):
    """Who may connect to the load balancer, from where, and what is logged of it. By default, everyone may."""

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
