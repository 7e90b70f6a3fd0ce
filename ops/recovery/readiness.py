"""Whether AWS has finished making a resource that takes minutes: before, its endpoint is unknown, and it can't be used.

The statuses are those that the AWS API references list for each operation.
"""

import sys
import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import jmespath
from botocore.exceptions import ClientError

from ops.environment import Environment, OpsError

POLL_SECONDS = 5
SILENCE_SECONDS = 30
"""After this time, a line is printed even if nothing has changed."""
TIMEOUT_SECONDS = 3600
"""Twice what RDS and ElastiCache take for the largest instances with a standby."""


class Status(NamedTuple):
    """How the status of a resource is asked for.

    Args:
        service: boto3's name of the service.
        operation: the call.
        arguments: its arguments, by the Terraform import ID.
        path: the JMESPath of the status in the answer.
        ready: the statuses of what can be used.
        coming: the statuses of what will be ready without anybody's help.
    """

    service: str
    operation: str
    arguments: Callable[[str], dict[str, Any]]
    path: str
    ready: Collection[str]
    coming: Collection[str]


STATUSES = {
    "aws_db_instance": Status(
        "rds",
        "describe_db_instances",
        lambda id_: {"DBInstanceIdentifier": id_},
        "DBInstances[].DBInstanceStatus",
        ("available", "storage-optimization"),
        ("backing-up", "configuring-log-exports", "creating", "maintenance", "modifying", "rebooting"),
    ),
    "aws_ebs_volume": Status(
        "ec2",
        "describe_volumes",
        lambda id_: {"VolumeIds": [id_]},
        "Volumes[].State",
        ("available", "in-use"),
        ("creating",),
    ),
    "aws_elasticache_replication_group": Status(
        "elasticache",
        "describe_replication_groups",
        lambda id_: {"ReplicationGroupId": id_},
        "ReplicationGroups[].Status",
        ("available",),
        ("creating", "modifying", "snapshotting"),
    ),
    "aws_instance": Status(
        "ec2",
        "describe_instances",
        lambda id_: {"InstanceIds": [id_]},
        "Reservations[].Instances[].State.Name",
        ("running",),
        ("pending",),
    ),
    "aws_lb": Status(
        "elbv2",
        "describe_load_balancers",
        lambda id_: {"LoadBalancerArns": [id_]},
        "LoadBalancers[].State.Code",
        ("active", "active_impaired"),
        ("provisioning",),
    ),
    "aws_nat_gateway": Status(
        "ec2",
        "describe_nat_gateways",
        lambda id_: {"NatGatewayIds": [id_]},
        "NatGateways[].State",
        ("available",),
        ("pending",),
    ),
}
"""By resource type. The others are ready as soon as they exist."""


def status(environment: Environment, type_: str, id_: str) -> str:
    """The status of a resource with this import ID; empty if there is none."""
    asked = STATUSES[type_]
    client: Any = environment.session.client(asked.service)  # type: ignore[call-overload]
    try:
        answer = getattr(client, asked.operation)(**asked.arguments(id_))
    except ClientError as error:
        if "NotFound" in error.response["Error"]["Code"]:
            return ""
        raise
    return next(iter(jmespath.search(asked.path, answer)), "")


def is_coming(environment: Environment, type_: str, id_: str) -> bool:
    """Whether AWS is still making the resource."""
    return type_ in STATUSES and status(environment, type_, id_) in STATUSES[type_].coming


def wait_until_ready(environment: Environment, type_: str, id_: str) -> None:
    """Returns once the resource is ready. Lines on standard error show progress.

    Raises:
        OpsError: if it does not become ready.
    """
    started = printed = time.monotonic()
    last = ""
    while (now := status(environment, type_, id_)) in STATUSES[type_].coming:
        waited_seconds = time.monotonic() - started
        if waited_seconds > TIMEOUT_SECONDS:
            raise OpsError(f"{id_} is still {now} after {TIMEOUT_SECONDS // 60} minutes: see the AWS console")
        if now != last or time.monotonic() - printed >= SILENCE_SECONDS:
            print(f"ops: {waited_seconds:3.0f} s  {id_} is {now}", file=sys.stderr, flush=True)
            last, printed = now, time.monotonic()
        time.sleep(POLL_SECONDS)
    if now not in STATUSES[type_].ready:
        raise OpsError(f"{id_} is {now or 'gone'}: see the AWS console, then run `ops recover` again")
