"""The types of the settings that are more than a number or a text, and not names in AWS: see aws_names.py and arns.py.

A description says in words what the type allows, for the manual and for errors; the examples are values of it.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from settings import fargate
from settings.arns import SecretArn
from settings.aws_names import LABEL, EmailAddress
from settings.section import each_once

OWN_TAGS = ("Project", "Environment", "Name")
"""The keys of the tags that the stacks set. A tag of the settings may override the first two."""
MAX_TAGS = 50 - len(OWN_TAGS)
RESERVED_TAG_PREFIXES = ("aws:", "rds:")
"""What tags may not start with, in any case: AWS's, and RDS's own."""
# What all services allow: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
TAG_KEY = r"^[\p{L}\p{N}_.:/=+@-]([\p{L}\p{Z}\p{N}_.:/=+@-]*[\p{L}\p{N}_.:/=+@-])?$"
TAG_VALUE = r"^([\p{L}\p{N}_.:/=+@-]([\p{L}\p{Z}\p{N}_.:/=+@-]*[\p{L}\p{N}_.:/=+@-])?)?$"


def _check_tag(text: str) -> str:
    if text.casefold().startswith(RESERVED_TAG_PREFIXES):
        raise ValueError(
            f"must not start with {' or '.join(RESERVED_TAG_PREFIXES)}, which AWS reserves, but like team:"
        )
    return text


TagKey = Annotated[
    str,
    Field(
        pattern=TAG_KEY,
        max_length=128,
        description="key of 1 to 128 letters, digits, spaces and `_.:/=+-@`, without a space at its ends",
        examples=["Team"],
    ),
    AfterValidator(_check_tag),
]
TagValue = Annotated[
    str,
    Field(
        pattern=TAG_VALUE,
        max_length=256,
        description="text of at most 256 letters, digits, spaces and `_.:/=+-@`, without a space at its ends",
        examples=["ml"],
    ),
    AfterValidator(_check_tag),
]


def _check_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    if len(tags) > MAX_TAGS:
        raise ValueError(
            f"must be at most {MAX_TAGS}, and not {len(tags)}: AWS takes 50, of which {', '.join(OWN_TAGS)} are set"
        )
    # IAM's keys are not case-sensitive.
    seen = {key.casefold(): key for key in OWN_TAGS}
    for key in tags:
        other = seen.setdefault(key.casefold(), key)
        if other != key:
            raise ValueError(f"{key} and {other} are the same key for IAM: write it like {other}")
    return tags


Tags = Annotated[
    dict[TagKey, TagValue],
    Field(
        description=f"table of at most {MAX_TAGS} strings of letters, digits, spaces and `_.:/=+-@`",
        examples=[{"Team": "ml"}],
    ),
    AfterValidator(_check_tags),
]

VariableName = Annotated[
    str,
    Field(
        pattern=r"^[A-Z][A-Z0-9_]*$",
        max_length=255,
        description="name of capital letters, digits and underscores, starting with a letter",
        examples=["AUTH_DISABLE_SIGNUP"],
    ),
]
VariableValue = Annotated[
    str,
    Field(
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
        description="text without control characters other than tabs and ends of lines",
        examples=["true"],
    ),
]
VARIABLES_BYTES, SECRETS_BYTES = 40 * 1024, 16 * 1024
"""Size of the additional variables of a container, as JSON. A task definition has at most 64 KiB
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html), of which the stacks need some 5."""
SECRETS_CHARACTERS = 7000
"""Characters that the ARNs of all secrets may have together. The inline policies of a role have at most 10,240
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), of which the stacks need some 2,000."""


def _check_variables(variables: Mapping[str, str]) -> Mapping[str, str]:
    size = len(json.dumps([{"name": name, "value": value} for name, value in variables.items()]))
    if size > VARIABLES_BYTES:
        raise ValueError(
            f"the variables have {size} bytes together, and at most {VARIABLES_BYTES} fit into a task definition of ECS"
        )
    return variables


Variables = Annotated[
    dict[VariableName, VariableValue],
    AfterValidator(_check_variables),
    Field(description="table of strings", examples=[{"AUTH_DISABLE_SIGNUP": "true"}]),
]


def check_secrets(secrets: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the secrets of a container, ARNs by variable, if they fit into a task definition and a role's policy.

    Raises:
        ValueError: if they do not.
    """
    size = len(json.dumps([{"name": name, "valueFrom": arn} for name, arn in secrets.items()]))
    if size > SECRETS_BYTES:
        raise ValueError(
            f"names and ARNs have {size} bytes together, and at most {SECRETS_BYTES} fit into a task definition of ECS"
        )
    # The execution role's policy has each secret once, without the key behind its ARN.
    characters = sum(map(len, {":".join(arn.split(":")[:7]) for arn in secrets.values()}))
    if characters > SECRETS_CHARACTERS:
        raise ValueError(
            f"the ARNs have {characters} characters, and at most {SECRETS_CHARACTERS} fit into a role's policy: store"
            " values as JSON in one secret, and name the key behind its ARN, such as …:secret:smtp-AbCdEf:url::"
        )
    return secrets


SecretArns = Annotated[
    dict[VariableName, SecretArn],
    Field(
        description="table of full ARNs of Secrets Manager secrets",
        examples=[{"SMTP_PASSWORD": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:smtp-AbCdEf"}],
    ),
    AfterValidator(check_secrets),
]

HttpsUrl = Annotated[
    str,
    Field(
        # Without a user and password, a query and a fragment.
        pattern=rf"^https://{LABEL}(\.{LABEL})*(:[1-9][0-9]{{0,4}})?(/[A-Za-z0-9._~%+-]+)*/?$",
        max_length=2048,
        description="URL with https://, of a host, with a port and a path if it has them",
        examples=["https://login.example.com"],
    ),
]
GithubRepository = Annotated[
    str,
    Field(
        # An owner and a repository, each with the ID that GitHub's immutable subjects add to it:
        # https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens
        pattern=(
            r"^[A-Za-z0-9]([A-Za-z0-9_-]{0,38}[A-Za-z0-9])?"
            r"(/[A-Za-z0-9._-]{1,100}|@[0-9]{1,20}/[A-Za-z0-9._-]{1,100}@[0-9]{1,20})$"
        ),
        description="owner and name of a repository on GitHub, both with their IDs or both without",
        examples=["acme/langfuse"],
    ),
]

MOST_EGRESS_PORTS = 50
"""A security group has at most 60 rules in each direction, and the fixed ones of web and worker are seven."""


def _check_egress_ports(tcp_ports: tuple[int, ...]) -> tuple[int, ...]:
    if len(tcp_ports) > MOST_EGRESS_PORTS:
        raise ValueError(f"must be at most {MOST_EGRESS_PORTS} ports: AWS allows 60 rules for a security group")
    return tcp_ports


EgressPorts = Annotated[
    tuple[Annotated[int, Field(ge=1, le=65535, strict=True)], ...],
    AfterValidator(each_once),
    AfterValidator(_check_egress_ports),
    Field(description=f"list of up to {MOST_EGRESS_PORTS} TCP ports, 1 to 65535", examples=[[587, 3128]]),
]

NUMBER = "(0|[1-9][0-9]{0,4})"
PostgresVersion = Annotated[
    str,
    Field(
        # RDS has no 16.0.
        pattern=r"^[1-9][0-9]{0,4}(\.[1-9][0-9]{0,4})?$",
        description="version: a major one, or a minor one with a dot",
        examples=["16"],
    ),
]
RedisVersion = Annotated[
    str, Field(pattern=rf"^{NUMBER}\.{NUMBER}$", description="version: two numbers with a dot", examples=["7.1"])
]
ClickhouseVersion = Annotated[
    str,
    Field(
        pattern=rf"^[1-9][0-9]{{0,4}}(\.{NUMBER}){{0,3}}$",
        description="version: one to four numbers, separated by dots",
        examples=["26.4"],
    ),
]
PackageRepository = Annotated[
    str,
    Field(
        # The boot script has it in a here-document of the shell: no `$`, no quotation marks.
        pattern=r"^https://[a-z0-9-]+(\.[a-z0-9-]+)+/([A-Za-z0-9._~-]+/)*$",
        max_length=255,
        description="HTTPS URL of a yum repository that ends with `/`, without a port, a user or a password",
        examples=["https://acme-packages.s3.eu-central-1.amazonaws.com/clickhouse/"],
    ),
]
LangfuseVersion = Annotated[
    str,
    Field(
        pattern=rf"^{NUMBER}\.{NUMBER}\.{NUMBER}$",
        description="version: three numbers, separated by dots",
        examples=["4.16.0"],
    ),
]
LangfuseName = Annotated[
    str,
    Field(
        # web/src/features/organizations/utils/organizationNameSchema.ts, web/src/features/auth/lib/projectNameSchema.ts
        # of Langfuse 4.16.0: no HTML tags. Its pages could not save another name.
        pattern=r"^[^\p{C}\p{Z}<>][^\p{C}\p{Zl}\p{Zp}<>]*[^\p{C}\p{Z}<>]$",
        min_length=3,
        max_length=60,
        description="text of 3 to 60 printable characters without `<` and `>`, and without a space at its ends",
        examples=["Example Inc."],
    ),
]


def _check_user_email(address: str) -> str:
    # What zod's z.email() accepts of them: Langfuse does not start with another address.
    # https://github.com/colinhacks/zod/blob/v4.3.6/packages/zod/src/v4/core/regexes.ts
    if not re.fullmatch(r"[A-Za-z0-9_'+.-]*[A-Za-z0-9_+-]@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", address):
        raise ValueError(
            "must be letters, digits and . _ + - ' before the @, no ' at its end, and a domain that ends in letters:"
            " Langfuse accepts no other address"
        )
    return address


UserEmail = Annotated[
    EmailAddress,
    AfterValidator(_check_user_email),
    Field(description="e-mail address of letters, digits and `._+-'`, without a name", examples=["me@example.com"]),
]
TaskCpu = Annotated[int, Field(description=f"one of {', '.join(map(str, fargate.MEMORY_MIB_BY_CPU))}")]
TaskMemoryMib = Annotated[
    int,
    Field(
        description="\n".join(f"``cpu`` {cpu}: {fargate.allowed_memory_mib(cpu)}" for cpu in fargate.MEMORY_MIB_BY_CPU)
    ),
]
HeapMib = Annotated[int, Field(description="256 to nine tenths of ``memory_mib``")]
Days = Annotated[int, Field(ge=1, le=36500)]
"""AWS Backup keeps recovery points for at most 100 years."""
Tasks = Annotated[int, Field(ge=1, le=5000)]
"""ECS runs at most 5,000 tasks of a service."""
WafRequests = Annotated[int, Field(ge=10, le=2_000_000_000)]
"""https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html"""

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
