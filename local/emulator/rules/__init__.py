"""The rules between resources that AWS enforces and ministack does not, by service, each with AWS's error code."""

from local.emulator.rules import (  # noqa: F401  registers the rules
    acm,
    application_autoscaling,
    backup,
    cloudfront,
    ec2,
    ecs,
    elasticache,
    elbv2,
    iam,
    kms,
    logs,
    partitions,
    rds,
    secretsmanager,
    sesv2,
    vpc,
    vpc_endpoints,
    wafv2,
)
from local.emulator.rules.rule import RULES

__all__ = ["RULES"]
