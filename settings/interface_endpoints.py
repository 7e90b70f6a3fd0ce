"""The AWS services that the tasks and ClickHouse's instance call, each by the name that its VPC endpoint has.

An interface endpoint is their way to a service where there is none to the internet. S3 has a gateway endpoint in every
VPC that is made here. The control plane of Fargate needs none:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
"""

TASKS = {
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    "ecr.api": "Fargate signs in to the registry of the images",
    "ecr.dkr": "Fargate pulls the images, whose layers S3 has",
    "logs": "Fargate sends what the containers write",
    "secretsmanager": "Fargate reads the variables' secrets, and ClickHouse's instance reads its password",
    "monitoring": "Langfuse publishes the metrics of its queues, and ClickHouse's instance its own",
}
"""What each service is called for, by its name, in every environment."""

CLICKHOUSE_ON_EC2 = {
    # No ec2messages: the agent of Amazon Linux 2023 is newer than 3.3.40.0, and uses ssmmessages instead of it.
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
    "ssm": "the agent of Session Manager and Run Command registers the instance",
    "ssmmessages": "Session Manager's shell, and the commands of ops",
    "kms": "Session Manager decrypts the key of a session, where the account encrypts sessions",
}
"""The same of those that only ClickHouse's instance calls, with ``clickhouse.mode = "ec2"``."""


def called_services(*, clickhouse_on_ec2: bool) -> dict[str, str]:
    """What is called of each service, by its name.

    Args:
        clickhouse_on_ec2: whether ClickHouse runs on an EC2 instance in the VPC.
    """
    return TASKS | CLICKHOUSE_ON_EC2 if clickhouse_on_ec2 else TASKS


def service_name(region: str, service: str) -> str:
    """The full name of a service for VPC endpoints, in the partitions ``aws`` and ``aws-us-gov``."""
    return f"com.amazonaws.{region}.{service}"
