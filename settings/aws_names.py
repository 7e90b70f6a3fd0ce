"""The types of settings that are names or ids in AWS, as AWS accepts them.

The patterns use ``[0-9]``: the class of digits also has those of other scripts.
A description says in words what the type allows, for the manual and for errors; the examples are values of it.
"""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.partition import partition_of
from settings.section import each_once


def _check_region(region: str) -> str:
    partition_of(region)
    return region


Region = Annotated[
    str,
    Field(description="AWS Region", examples=["eu-central-1"]),
    AfterValidator(_check_region),
]
AccountId = Annotated[
    str, Field(pattern=r"^[0-9]{12}$", description="12-digit AWS account ID", examples=["123456789012"])
]
AccountIds = Annotated[
    tuple[AccountId, ...], Field(description="list of 12-digit AWS account IDs", examples=[["123456789012"]])
]
EnvironmentName = Annotated[
    str,
    Field(
        # ElastiCache, RDS and load balancers refuse two hyphens in a row, and one at the end.
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=12,
        description="name of at most 12 lower-case letters, digits and single hyphens, that starts with a letter",
        examples=["staging"],
    ),
]

BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
"""What names of S3 buckets may not start and end with:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html."""


def _check_bucket(name: str) -> str:
    if name.startswith(BUCKET_PREFIXES):
        raise ValueError(f"must not start with {', '.join(BUCKET_PREFIXES)}, which S3 reserves, but like acme-state")
    if name.endswith(BUCKET_SUFFIXES):
        raise ValueError(f"must not end with {', '.join(BUCKET_SUFFIXES)}, which S3 reserves, but like acme-state")
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", name):
        raise ValueError("must not look like an IP address, but like acme-langfuse-state")
    return name


BucketName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+([.-]?[a-z0-9]|-+[a-z0-9])*$",
        min_length=3,
        max_length=63,
        description="S3 bucket name of 3 to 63 lower-case letters, digits, hyphens, and dots between letters or digits",
        examples=["acme-langfuse-state"],
    ),
    AfterValidator(_check_bucket),
]

VpcId = Annotated[
    str,
    Field(pattern=r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", description="VPC ID", examples=["vpc-0123456789abcdef0"]),
]
SubnetId = Annotated[
    str,
    Field(
        pattern=r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$", description="subnet ID", examples=["subnet-0123456789abcdef0"]
    ),
]


SubnetIds = Annotated[
    tuple[SubnetId, ...],
    Field(
        description="list of different subnet IDs",
        examples=[["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]],
    ),
    AfterValidator(each_once),
]

FAMILY = "[a-z]+[0-9]+[a-z]*(-[a-z0-9]+)?"
SIZE = "(nano|micro|small|medium|large|([1-9][0-9]*)?xlarge|metal(-[0-9]+xl)?)"
RdsInstanceClass = Annotated[
    str,
    Field(
        pattern=rf"^db\.{FAMILY}\.{SIZE}(\.tpc[12]\.mem[1-8]x)?$",
        max_length=64,
        description="RDS instance class",
        examples=["db.m7g.large"],
    ),
]


def _check_node_type(node_type: str) -> str:
    if node_type.startswith("cache.r6gd."):
        raise ValueError("must be of a family without data tiering, which queues gain nothing from: cache.r7g.large")
    return node_type


CacheNodeType = Annotated[
    str,
    Field(
        pattern=rf"^cache\.{FAMILY}\.{SIZE}$",
        max_length=64,
        description="ElastiCache node type",
        examples=["cache.m7g.large"],
    ),
    AfterValidator(_check_node_type),
]
GravitonInstanceType = Annotated[
    str,
    Field(
        pattern=rf"^[a-z]+[0-9]+g[a-z]*\.{SIZE}$",
        max_length=64,
        description="EC2 instance type with a Graviton (ARM) processor",
        examples=["m7g.xlarge"],
    ),
]
HostedZoneId = Annotated[
    str,
    Field(pattern=r"^Z[A-Z0-9]{1,31}$", description="Route 53 hosted zone ID", examples=["Z0123456789ABCDEFGHIJ"]),
]

LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = rf"({LABEL}\.)+([a-z]{{2,63}}|xn--[a-z0-9-]{{0,58}}[a-z0-9])"
DomainName = Annotated[
    str,
    Field(
        pattern=f"^{DOMAIN}$",
        max_length=253,
        description="domain name in lower case",
        examples=["langfuse.example.com"],
    ),
]
WORD = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"


def _check_email(address: str) -> str:
    if address.index("@") > 64:
        raise ValueError("must have at most 64 characters before the @, such as ops@example.com")
    return address


EmailAddress = Annotated[
    str,
    Field(
        pattern=rf"^{WORD}(\.{WORD})*@(?i-u:{DOMAIN})$",
        max_length=254,
        description="e-mail address, without a name",
        examples=["ops@example.com"],
    ),
    AfterValidator(_check_email),
]

SMALLEST_PREFIX, LARGEST_PREFIX = 24, 16
PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918. Python's ``is_private`` has loopback, link-local and documentation blocks too."""


def _check_vpc_cidr(cidr: str) -> str:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"must be an IPv4 block, such as 10.0.0.0/16: {error}") from None
    if str(network) != cidr:
        raise ValueError(f"must be written with the length of its prefix: {network}")
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(f"must be /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}, so that 8 subnets fit, such as 10.0.0.0/16")
    if not any(network.subnet_of(block) for block in PRIVATE):
        raise ValueError(f"must be a private block (RFC 1918), in {', '.join(map(str, PRIVATE))}, such as 10.0.0.0/16")
    return cidr


VpcCidr = Annotated[
    str,
    Field(
        max_length=18,
        description=f"private IPv4 block (RFC 1918), /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}",
        examples=["10.0.0.0/16"],
    ),
    AfterValidator(_check_vpc_cidr),
]

MOST_CIDRS = 25
"""Each needs a rule for port 80 and one for port 443, and a security group has at most 60 rules of IPv4 and 60 of IPv6:
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups"""


def _check_cidr(cidr: str) -> str:
    try:
        as_ec2_shows_it = str(ipaddress.ip_network(cidr))
    except ValueError:
        as_ec2_shows_it = ""
    if cidr != as_ec2_shows_it:
        raise ValueError("must be a block without host bits, IPv6 in its shortest form, such as 203.0.113.0/24")
    return cidr


def _check_cidrs(cidrs: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(cidrs) <= MOST_CIDRS:
        raise ValueError(f"must be 1 to {MOST_CIDRS} blocks, such as 203.0.113.0/24")
    return cidrs


Cidrs = Annotated[
    tuple[
        Annotated[
            str,
            Field(
                pattern=r"^[0-9a-f.:]+(/[0-9]+)?$",
                max_length=43,
                description="IPv4 or IPv6 block without host bits, IPv6 in its shortest form",
                examples=["203.0.113.0/24"],
            ),
            AfterValidator(_check_cidr),
        ],
        ...,
    ],
    AfterValidator(each_once),
    AfterValidator(_check_cidrs),
    Field(
        description=f"list of 1 to {MOST_CIDRS} IPv4 or IPv6 blocks without host bits", examples=[["203.0.113.0/24"]]
    ),
]
