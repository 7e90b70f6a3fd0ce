"""The environments that tests synthesize and deploy, and settings for them."""

from collections.abc import Mapping

import settings
from settings import Settings

ENVIRONMENTS = ("dev", "prod")
SYNTHESIZED = (*ENVIRONMENTS, "trial")
"""Every environment of the repository. The last one is not deployed by each test that deploys the others."""

EC2 = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "ec2"}
EXTERNAL = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "external"}
# An environment with the default versions can be upgraded to these, but not back.
UPGRADED = {"LANGFUSE_AWS__POSTGRES__VERSION": "16", "LANGFUSE_AWS__REDIS__ENGINE": "valkey"}
# With these settings, the services of both environments run.
RUNNING = {"LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "true"}
# Who may connect to the load balancer: to one with IPv4 and IPv6 addresses, and to an internal one.
DUALSTACK = {
    "LANGFUSE_AWS__INGRESS__IP_ADDRESS_TYPE": "dualstack",
    "LANGFUSE_AWS__INGRESS__ALLOWED_CIDRS": '["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32"]',
    "LANGFUSE_AWS__INGRESS__IDLE_TIMEOUT_SECONDS": "300",
}
INTERNAL = {
    "LANGFUSE_AWS__INGRESS__INTERNAL": "true",
    "LANGFUSE_AWS__INGRESS__ALLOWED_CIDRS": '["10.0.0.0/8", "192.168.0.0/16"]',
}
# The first organization, project and user, in characters that Terraform and ECS could read otherwise.
FIRST = {
    "LANGFUSE_AWS__FIRST__ORGANIZATION": 'Example "Ünïcode" ${x} %{y} & Co.',
    "LANGFUSE_AWS__FIRST__PROJECT": "Web",
    "LANGFUSE_AWS__FIRST__USER_EMAIL": "first.owner+langfuse@example.com",
}
# Of a registry that the embedded AWS does not have: no pull from it fails there.
IMAGES = {
    "LANGFUSE_AWS__LANGFUSE__REGISTRY": "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror",
    "LANGFUSE_AWS__LANGFUSE__WEB_DIGEST": f"sha256:{'a' * 64}",
    "LANGFUSE_AWS__LANGFUSE__WORKER_DIGEST": f"sha256:{'b' * 64}",
    "LANGFUSE_AWS__LANGFUSE__BASE_PATH": "/langfuse",
    "LANGFUSE_AWS__LANGFUSE__CA_CERTIFICATE_SECRET_ARN": (
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:ca-AbCdEf"
    ),
}
# One customer-managed key, which the network stack makes, encrypts everything.
OWN_KEY = {"LANGFUSE_AWS__ENCRYPTION__KMS": "own"}
# In the embedded AWS, the hosted zone is made first.
DOMAIN = {
    "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
    "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
}
# A domain in CloudFront, with a web ACL and access logs.
EDGE = {
    **DOMAIN,
    "LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true",
    "LANGFUSE_AWS__INGRESS__WAF": "true",
    "LANGFUSE_AWS__INGRESS__ACCESS_LOGS": "true",
}

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

# Every service that the settings may leave out, with a size of its own and with the default one.
SPLIT = {
    "LANGFUSE_AWS__WEB_INGESTION": '{"cpu": 1024, "memory_mib": 2048, "min_tasks": 2, "max_tasks": 3}',
    "LANGFUSE_AWS__WEB_API": "{}",
    "LANGFUSE_AWS__WORKER_INGESTION": "{}",
}

MAIL = {
    "LANGFUSE_AWS__MAIL__FROM_ADDRESS": "langfuse@example.com",
    "LANGFUSE_AWS__MAIL__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
}
# Single sign-on alone, with one provider. Its secret must exist where the services run.
SIGN_IN = {
    "LANGFUSE_AWS__SIGN_IN__SIGN_UP": "false",
    "LANGFUSE_AWS__SIGN_IN__PASSWORD": "false",  # pragma: allowlist secret
    "LANGFUSE_AWS__SIGN_IN__SESSION_MINUTES": "480",
    "LANGFUSE_AWS__SIGN_IN__SSO_DOMAINS": '["example.com"]',
    "LANGFUSE_AWS__SIGN_IN__PROVIDERS__OKTA__CLIENT_ID": "langfuse",
    "LANGFUSE_AWS__SIGN_IN__PROVIDERS__OKTA__CLIENT_SECRET_ARN": (  # pragma: allowlist secret
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:okta-AbCdEf"
    ),
    "LANGFUSE_AWS__SIGN_IN__PROVIDERS__OKTA__ISSUER": "https://example.okta.com",
}

# Roles for GitHub Actions, in the account of the embedded AWS, and their boundary on all others.
ACCESS = {
    "LANGFUSE_AWS__ACCESS__REPOSITORY": "acme/langfuse",
    "LANGFUSE_AWS__ALLOWED_ACCOUNT_IDS": '["000000000000"]',
}

SECURED = {
    "dev-secured": {
        **EC2,
        **OWN_KEY,
        **ACCESS,
        **DOMAIN,
        **DUALSTACK,
        **FIRST,
        **MAIL,
        **SIGN_IN,
        "LANGFUSE_AWS__INGRESS__WAF": "true",
        "LANGFUSE_AWS__INGRESS__ACCESS_LOGS": "true",
    },
    "dev-isolated": {**ISOLATED_EC2, **ACCESS, **INTERNAL, **IMAGES, **SPLIT},
    # Its certificate and web ACL are in us-east-1, by a second provider.
    "dev-edge": {
        **EDGE,
        **ACCESS,
        "LANGFUSE_AWS__REGION": "eu-central-1",
        "LANGFUSE_AWS__NETWORK__NAT_GATEWAYS": "0",
        "LANGFUSE_AWS__WORKER__SPOT": "true",
    },
}
"""Environments as a security team wants them, by the names of their deployments. Together, they have every resource."""


def load(environment: str = "dev", overrides: Mapping[str, str] | None = None) -> Settings:
    """Loads the settings of an environment, with ``overrides`` as environment variables."""
    return settings.load({"LANGFUSE_ENV": environment, **(overrides or {})})
