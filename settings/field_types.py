"""The types of the settings that are more than a number or a text.

A description says in words what the type allows, for the manual; the examples are values of it.
"""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field

from settings import fargate
from settings.partition import partition_of


def _check_region(region: str) -> str:
    partition_of(region)
    return region


Region = Annotated[str, AfterValidator(_check_region), Field(description="AWS Region", examples=["eu-central-1"])]
AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
AccountIds = Annotated[
    tuple[AccountId, ...], Field(description="list of 12-digit AWS account IDs", examples=[["123456789012"]])
]
TAG = r"^[\p{L}\p{Z}\p{N}_.:/=+@-]*$"
TagKey = Annotated[str, Field(pattern=TAG, min_length=1, max_length=128)]
TagValue = Annotated[str, Field(pattern=TAG, max_length=256)]
Tags = Annotated[
    dict[TagKey, TagValue], Field(description="table of strings of letters, digits, spaces and `_.:/=+-@`")
]
"""What all services allow; see https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""
BucketName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="S3 bucket name", examples=["acme-langfuse-state"]
    ),
]
KmsKeyArn = Annotated[
    str,
    Field(
        # As Terraform's S3 backend requires. A key's id is a UUID: its third group starts with 1 to 5, its fourth with
        # 8, 9, a or b.
        pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key/([0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}"
        r"-[0-9a-f]{12}|mrk-[0-9a-f]{32})|alias/[a-zA-Z0-9/_-]+)$",
        description="KMS key ARN",
        examples=["arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"],
    ),
]
VpcId = Annotated[str, Field(pattern=r"^vpc-[0-9a-f]+$", description="VPC ID", examples=["vpc-0123456789abcdef0"])]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")]
SubnetIds = Annotated[
    tuple[SubnetId, ...],
    Field(description="list of subnet IDs", examples=[["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]]),
]
RdsInstanceClass = Annotated[
    str, Field(pattern=r"^db\.[a-z0-9-]+\.[a-z0-9]+$", description="RDS instance class", examples=["db.m7g.large"])
]
CacheNodeType = Annotated[
    str,
    Field(pattern=r"^cache\.[a-z0-9-]+\.[a-z0-9]+$", description="ElastiCache node type", examples=["cache.m7g.large"]),
]
GravitonInstanceType = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9-]+g[a-z0-9]*\.[a-z0-9]+$",
        description="EC2 instance type with a Graviton (ARM) processor",
        examples=["m7g.xlarge"],
    ),
]
DomainName = Annotated[
    str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$", description="domain name", examples=["langfuse.example.com"])
]
HostedZoneId = Annotated[
    str, Field(pattern=r"^Z[A-Z0-9]+$", description="Route 53 hosted zone ID", examples=["Z0123456789ABCDEFGHIJ"])
]
CertificateArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/.+$",
        description="ACM certificate ARN",
        examples=["arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"],
    ),
]
EmailAddress = Annotated[
    str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="e-mail address", examples=["ops@example.com"])
]
VariableName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
SecretArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$")]
SecretArns = Annotated[dict[VariableName, SecretArn], Field(description="table of Secrets Manager secret ARNs")]
Version = Annotated[str, Field(pattern=r"^\d+(\.\d+)*$", description="version: one or more numbers, separated by dots")]
FullVersion = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$", description="version: three numbers, separated by dots")]
TaskCpu = Annotated[int, Field(description=f"one of {', '.join(map(str, fargate.MEMORY_MIB_BY_CPU))}")]
TaskMemoryMib = Annotated[
    int,
    Field(
        description="\n".join(f"``cpu`` {cpu}: {fargate.allowed_memory_mib(cpu)}" for cpu in fargate.MEMORY_MIB_BY_CPU)
    ),
]
HeapMib = Annotated[int, Field(description="256 to nine tenths of ``memory_mib``")]
Days = Annotated[int, Field(ge=1)]

SMALLEST_PREFIX, LARGEST_PREFIX = 24, 16
LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
"""The values that CloudWatch Logs accepts: see PutRetentionPolicy in its API reference."""


def _check_log_retention(days: int) -> int:
    if days not in LOG_RETENTION_DAYS:
        raise ValueError(f"must be one of {', '.join(map(str, LOG_RETENTION_DAYS))}")
    return days


LogRetentionDays = Annotated[
    int,
    AfterValidator(_check_log_retention),
    Field(description=f"one of {', '.join(map(str, LOG_RETENTION_DAYS))}"),
]


def _check_recovery_window(days: int) -> int:
    if 0 < days < 7:
        raise ValueError("must be 0, or 7 to 30")
    return days


RecoveryWindowDays = Annotated[
    int, AfterValidator(_check_recovery_window), Field(ge=0, le=30, description="0, or 7 to 30")
]


def _check_vpc_cidr(cidr: str) -> str:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"must be an IPv4 block: {error}") from None
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(f"must be /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}, so that 8 subnets fit")
    if not network.is_private:
        raise ValueError("must be a private block (RFC 1918)")
    return cidr


VpcCidr = Annotated[
    str,
    AfterValidator(_check_vpc_cidr),
    Field(
        description=f"private IPv4 block (RFC 1918), /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}", examples=["10.0.0.0/16"]
    ),
]
