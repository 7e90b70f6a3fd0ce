"""Plays the instances that Systems Manager's Run Command runs scripts on.

In ministack 1.5 without Docker, no instance is managed. On AWS, those are managed whose role lets the agent register
and open its channels: https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html

A script is never run. Each of its lines must be a command that is played here: ``clickhouse-client`` or ``xfs_growfs``.
A JSON list that is sent to ``CLICKHOUSE_PATH`` is what the runs of ``clickhouse-client`` in a script write.
"""

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, iam

from local.emulator.ministack_gaps import wraps
from local.emulator.volume_modifications import file_system_gib, grow_file_system

CALLS_OF_THE_AGENT = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
"""https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html"""
BLOCK_BYTES = 4096
GIB = 1024**3


class Ran(NamedTuple):
    """How a command ended, and what it wrote."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""


_answers: list[str] = []
_STOPPED = Ran(210, stderr="Code: 210. DB::NetException: Connection refused (localhost:9000). (NETWORK_ERROR)\n")


@wraps(ec2, "instance_is_managed")
def managed_by_its_role(_: Callable[[str], bool], instance_id: str) -> bool:
    """A running instance is managed if its role allows the agent's calls."""
    instance = ec2._instances.get(instance_id, {})
    profile = (instance.get("IamInstanceProfile") or {}).get("Arn", "").rpartition("/")[2]
    roles = iam._instance_profiles.get(profile, {}).get("Roles", [])
    running = instance.get("State", {}).get("Name") == "running"
    return running and any(all(_allowed(role, call) for call in CALLS_OF_THE_AGENT) for role in roles)


def _allowed(role: str, action: str) -> bool:
    account = get_account_id()
    arn = iam._roles.get(role, {}).get("Arn", "")
    call = iam_evaluator.EvalContext(arn, "AssumedRole", account, action, "*", get_region())
    policies = iam_evaluator._gather_role_policies(role, account)
    return bool(iam_evaluator.evaluate(call, policies).decision == "Allow")


@wraps(ec2, "exec_in_instance_blocking")
def played_script(_: Callable[..., object], instance_id: str, argv: Sequence[str]) -> Ran:
    """Plays the lines of a script until one fails; the result is that of the last one."""
    answers = iter(_answers)
    ran, stdout = Ran(), ""
    for words in (shlex.split(line) for line in argv[-1].splitlines()):
        ran = _play(instance_id, words, answers)
        stdout += ran.stdout
        if ran.exit_code:
            # As the agent adds it.
            return Ran(ran.exit_code, stdout, f"{ran.stderr}failed to run commands: exit status {ran.exit_code}")
    return Ran(0, stdout, ran.stderr)


def _play(instance_id: str, words: Sequence[str], answers: Iterator[str]) -> Ran:
    if words == ["set", "-e"]:
        return Ran()
    if words[0] == "clickhouse-client":
        answer = next(answers, None)
        return _STOPPED if answer is None else Ran(stdout=answer)
    if words[0] == "xfs_growfs" and words[-1] == "/var/lib/clickhouse":
        return _xfs_growfs(instance_id, words[1:-1])
    return Ran(127, stderr=f"{words[0]}: command not found\n")


def _xfs_growfs(instance_id: str, options: Sequence[str]) -> Ran:
    """https://man7.org/linux/man-pages/man8/xfs_growfs.8.html."""
    blocks = file_system_gib(instance_id) * GIB // BLOCK_BYTES
    geometry = f"data     =                       bsize={BLOCK_BYTES}   blocks={blocks}, imaxpct=25\n"
    if "-n" not in options:
        grow_file_system(instance_id)
    return Ran(stdout=f"meta-data=/dev/nvme1n1           isize=512    agcount=4, agsize=655360 blks\n{geometry}")


def set_answers(texts: Sequence[str]) -> None:
    """Sets what the runs of ``clickhouse-client`` in a script write, at ``CLICKHOUSE_PATH``."""
    _answers[:] = texts
