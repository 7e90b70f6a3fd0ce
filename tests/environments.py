"""The environments that tests synthesize and deploy, and settings to do it with."""

from collections.abc import Mapping

import settings
from settings import Settings

ENVIRONMENTS = ("dev", "prod")

EC2 = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "ec2"}
EXTERNAL = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "external"}
# Settings with which the services of either environment run.
RUNNING = {"LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "true"}


def load(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> Settings:
    """The settings of an environment with some variables set."""
    return settings.load({"LANGFUSE_ENV": environment, **(overrides or {})})
