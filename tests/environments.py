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

# No way to the internet.
ISOLATED = {
    "LANGFUSE_AWS__NETWORK__ISOLATED": "true",
    "LANGFUSE_AWS__LANGFUSE__REGISTRY": "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror",
}
ISOLATED_EC2 = {
    **ISOLATED,
    **EC2,
    "LANGFUSE_AWS__CLICKHOUSE__PACKAGE_REPOSITORY": "https://acme-packages.s3.us-east-1.amazonaws.com/clickhouse/",
}
ISOLATED_EXTERNAL = {**ISOLATED, **EXTERNAL}


def load(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> Settings:
    """Loads the settings of an environment, with ``overrides`` as environment variables."""
    return settings.load({"LANGFUSE_ENV": environment, **(overrides or {})})
