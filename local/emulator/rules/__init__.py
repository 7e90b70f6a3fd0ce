"""The rules between resources that AWS enforces and ministack does not, by service, each with AWS's error code."""

from local.emulator.rules import (  # noqa: F401  registers the rules
    acm,
    backup,
    cloudfront,
    ec2,
    ecs,
    elasticache,
    elbv2,
    iam,
    logs,
    partitions,
    rds,
    secretsmanager,
    vpc,
    wafv2,
)
from local.emulator.rules.rule import RULES

__all__ = ["RULES"]
