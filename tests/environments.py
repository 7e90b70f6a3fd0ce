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
MAIL = {
    "LANGFUSE_AWS__MAIL__FROM_ADDRESS": "langfuse@example.com",
    "LANGFUSE_AWS__MAIL__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
}
SIGN_IN = {
    "LANGFUSE_AWS__SIGN_IN__SIGN_UP": "false",
    "LANGFUSE_AWS__SIGN_IN__PASSWORD": "false",
    "LANGFUSE_AWS__SIGN_IN__SESSION_MINUTES": "480",
    "LANGFUSE_AWS__SIGN_IN__SSO_DOMAINS": '["example.com"]',
    "LANGFUSE_AWS__SIGN_IN__PROVIDERS__OKTA__CLIENT_ID": "langfuse",
    "LANGFUSE_AWS__SIGN_IN__PROVIDERS__OKTA__CLIENT_SECRET_ARN": (  # pragma: allowlist secret
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:okta-AbCdEf"
    ),
    "LANGFUSE_AWS__SIGN_IN__PROVIDERS__OKTA__ISSUER": "https://example.okta.com",
}
"""Single sign-on alone, with one provider. Its secret must exist where the services run."""


def load(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> Settings:
    """Loads the settings of an environment, with ``overrides`` as environment variables."""
    return settings.load({"LANGFUSE_ENV": environment, **(overrides or {})})
