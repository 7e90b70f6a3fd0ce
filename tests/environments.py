"""The environments that tests synthesize and deploy, and settings for them."""

from collections.abc import Mapping

import settings
from settings import Settings

ENVIRONMENTS = ("dev", "prod")

EC2 = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "ec2"}
EXTERNAL = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "external"}
# An environment with the default versions can be upgraded to these, but not back.
UPGRADED = {"LANGFUSE_AWS__POSTGRES__VERSION": "16", "LANGFUSE_AWS__REDIS__ENGINE": "valkey"}
# With these settings, the services of both environments run.
RUNNING = {"LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "true"}
# A domain in CloudFront, with a web ACL and access logs. In the embedded AWS, the hosted zone is made first.
EDGE = {
    "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
    "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
    "LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true",
    "LANGFUSE_AWS__INGRESS__WAF": "true",
    "LANGFUSE_AWS__INGRESS__ACCESS_LOGS": "true",
}


def load(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> Settings:
    """Loads the settings of an environment, with ``overrides`` as environment variables."""
    return settings.load({"LANGFUSE_ENV": environment, **(overrides or {})})
