"""Runs a script on ClickHouse's instance, which can't be reached from outside the VPC.

Systems Manager's Run Command starts it, as root, and keeps the first 24,000 characters of what it writes:
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.environment import Environment, OpsError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import GetCommandInvocationResultTypeDef

DELIVERY_SECONDS = 30
"""How long Systems Manager tries to reach the instance: the least that it accepts."""
POLL_SECONDS = 1
RUNNING = ("Pending", "InProgress", "Delayed")
LONGEST_ERROR = 300


def run_on_clickhouse_instance(environment: Environment, lines: Sequence[str], *, timeout_seconds: int) -> str:
    """Runs the lines of a script until one fails, and returns what they wrote to standard output.

    Args:
        environment: the environment, with ``clickhouse.mode = "ec2"``.
        lines: the script.
        timeout_seconds: how long it may run.

    Raises:
        OpsError: if it could not be started, did not end in time, or failed, with the first line of its errors.
    """
    ssm = environment.session.client("ssm")
    instance_id = environment.outputs("data")["clickhouse_instance_id"]
    try:
        command_id = ssm.send_command(
            InstanceIds=[instance_id],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": ["set -e", *lines], "executionTimeout": [str(timeout_seconds)]},
            TimeoutSeconds=DELIVERY_SECONDS,
        )["Command"]["CommandId"]
    except ssm.exceptions.InvalidInstanceId:
        raise OpsError(
            f"Systems Manager does not know {instance_id} as running: see `ops status`; a new instance registers within"
            " minutes"
        ) from None
    # A command that is delivered at the last moment has its whole time.
    deadline = time.monotonic() + DELIVERY_SECONDS + timeout_seconds
    while (ran := _invocation(ssm, command_id, instance_id)) is None or ran["Status"] in RUNNING:
        if time.monotonic() > deadline:
            raise OpsError(f"{instance_id} has not answered within {DELIVERY_SECONDS + timeout_seconds} seconds")
        time.sleep(POLL_SECONDS)
    if ran["Status"] == "Success":
        return ran["StandardOutputContent"]
    errors = [line for line in ran.get("StandardErrorContent", "").splitlines() if line.strip()]
    why = errors[0][:LONGEST_ERROR] if errors else ran.get("StatusDetails", ran["Status"])
    raise OpsError(f"the command on {instance_id} failed ({ran['Status']}): {why}")


def _invocation(ssm: "SSMClient", command_id: str, instance_id: str) -> "GetCommandInvocationResultTypeDef | None":
    try:
        return ssm.get_command_invocation(CommandId=command_id, InstanceId=instance_id)
    except ssm.exceptions.InvocationDoesNotExist:
        # Systems Manager does not know it yet.
        return None
