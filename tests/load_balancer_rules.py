"""What an Application Load Balancer does with a request, by the rules that it has, in plain Python.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network
from typing import NamedTuple


class Rule(NamedTuple):
    """A rule of a listener. ``paths`` or ``sources`` is empty if it has no such condition."""

    priority: int
    target_group: str
    paths: Sequence[str] = ()
    sources: Sequence[str] = ()

    def matches(self, path: str, source: str) -> bool:
        """Whether all its conditions are met."""
        by_path = not self.paths or any(_matches(path, pattern) for pattern in self.paths)
        by_source = not self.sources or any(ip_address(source) in ip_network(block) for block in self.sources)
        return by_path and by_source


def forwarded_to(rules: Iterable[Rule], path: str, *, otherwise: str, source: str = "198.51.100.7") -> str:
    """The target group that a request goes to: that of the first rule whose conditions it meets, or the default one."""
    for rule in sorted(rules):
        if rule.matches(path, source):
            return rule.target_group
    return otherwise


def _matches(path: str, pattern: str) -> bool:
    """Paths and patterns are compared with their case, and without the query string."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, path.partition("?")[0]) is not None


PATHS = {
    "/": "web",
    "/project/abc/traces": "web",
    "/api/auth/session": "web",
    "/api/trpc/traces.all": "web",
    "/api/public/health": "web",
    "/api/public/ready": "web",
    "/api/public/v2/prompts/greeting": "web",
    "/api/public/projects": "web",
    "/api/public/score-configs": "web",
    "/api/public/comments": "web",
    "/api/public/datasets/questions/runs/first": "web",
    "/api/public/dataset-run-items": "web",
    "/api/public/mcp": "web",
    "/api/public/ingestion": "web_ingestion",
    "/api/public/otel/v1/traces": "web_ingestion",
    "/api/public/otel/v1/metrics": "web_ingestion",
    "/api/public/media": "web_ingestion",
    "/api/public/media/abc?projectId=1": "web_ingestion",
    "/api/public/traces": "web_api",
    "/api/public/traces?limit=100&page=2": "web_api",
    "/api/public/traces/abc": "web_api",
    "/api/public/observations/abc": "web_api",
    "/api/public/v2/observations": "web_api",
    "/api/public/metrics": "web_api",
    "/api/public/metrics/daily": "web_api",
    "/api/public/v2/metrics": "web_api",
    "/api/public/sessions/abc": "web_api",
    "/api/public/scores": "web_api",
    "/api/public/v2/scores/abc": "web_api",
    "/api/public/v3/scores": "web_api",
    "/api/public/experiments": "web_api",
    "/api/public/experiment-items": "web_api",
}
"""By path of a request, the service that answers it if there is one for each: routes of Langfuse 4.16.0."""
