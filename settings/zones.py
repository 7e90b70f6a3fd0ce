"""Availability Zones that lack what the stacks deploy.

A zone's ID, unlike its name, is the same in every AWS account.
"""

EXCLUDED_ZONE_IDS = (
    # No Fargate, and no NAT gateways in new subnets: aws/aws-cdk#5847.
    "apne1-az3",
    # No Fargate: cn-north-1 has it in cnn1-az1 and cnn1-az2 only.
    "cnn1-az3",
    "cnn1-az4",
    # No Graviton instances, no Fargate on ARM64, and few other current instance types.
    "use1-az3",
    # No Fargate.
    "usw1-az2",
)
"""The IDs of zones in which no subnet is created.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html and ecs-arm64.html there.
"""
