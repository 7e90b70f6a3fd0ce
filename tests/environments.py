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
# One customer-managed key, which the network stack makes, encrypts everything.
OWN_KEY = {"LANGFUSE_AWS__ENCRYPTION__KMS": "own"}


def load(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> Settings:
    """Loads the settings of an environment, with ``overrides`` as environment variables."""
    return settings.load({"LANGFUSE_ENV": environment, **(overrides or {})})
