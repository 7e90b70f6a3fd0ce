"""``ops clickhouse grow``: gives the file system the space that a larger ``clickhouse.volume_gib`` has added."""

import re
import time
from typing import TYPE_CHECKING

from ops.clickhouse.instance import require_instance
from ops.clickhouse.volume import data_volume
from ops.console import Apply, AsJson, console, print_json, say_dry_run
from ops.environment import Environment, OpsError, load_environment
from ops.run_command import run_on_clickhouse_instance
from settings.clickhouse_metrics import DATA_PATH

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import VolumeModificationTypeDef

SHOW = f"xfs_growfs -n {DATA_PATH}"
GROW = f"xfs_growfs {DATA_PATH}"
GEOMETRY = re.compile(r"^data\s*=\s*bsize=(\d+)\s+blocks=(\d+)", re.MULTILINE)
RUN_SECONDS = 60
MODIFYING_SECONDS = 600
"""AWS: a few seconds, most of the time."""
POLL_SECONDS = 1
GIB = 1024**3


def grow(apply: Apply = False, as_json: AsJson = False) -> None:
    """Give ClickHouse the space of a larger volume.

    The file system grows to the size of its volume. ClickHouse goes on meanwhile.

    First raise clickhouse.volume_gib and deploy, which enlarges the volume. With --apply, this waits until AWS has done
    so, and then runs xfs_growfs on the instance, through Systems Manager's Run Command.

    Example: ops clickhouse grow --apply
    """
    environment = load_environment()
    require_instance(environment)
    ec2 = environment.session.client("ec2")
    volume_id, volume_gib = _volume(environment, ec2)
    before = _file_system_gib(environment, SHOW)
    after = before
    if apply and _has_room(before, volume_gib):
        with console.status(f"Waiting for {volume_id} ...") as view:
            _wait_until_modified(ec2, volume_id)
            view.update("Growing the file system ...")
            after = _file_system_gib(environment, GROW, SHOW)
    if apply and _has_room(after, volume_gib):
        raise OpsError(f"the file system still has {after:g} GiB of {volume_gib}: run it again in a minute")
    if as_json:
        sizes = {"volume_gib": volume_gib, "file_system_gib_before": before, "file_system_gib_after": after}
        print_json({"volume_id": volume_id, **sizes, "applied": apply})
        return
    console.print(f"Volume {volume_id}: {volume_gib} GiB. File system: {before:g} GiB.")
    if after > before:
        console.print(f"The file system has grown from {before:g} to {after:g} GiB.")
    elif _has_room(before, volume_gib):
        say_dry_run(changes=True)
    else:
        console.print("Nothing to do: the file system fills the volume.")


def _has_room(file_system_gib: float, volume_gib: int) -> bool:
    """Whether the file system could be larger. XFS may leave some KiB at the end; a volume grows by whole GiB."""
    return volume_gib - file_system_gib >= 1


def _volume(environment: Environment, ec2: "EC2Client") -> tuple[str, int]:
    """The ID of the data volume, and the size that it has or is being given.

    Raises:
        OpsError: if there is none, or its size is not that of the settings.
    """
    volume = data_volume(environment)
    if volume is None:
        raise OpsError(f"ClickHouse's instance has no data volume: run {environment.deploy_command}")
    last = _last_modification(ec2, volume["VolumeId"])
    being_given = last["TargetSize"] if last and last["ModificationState"] == "modifying" else 0
    size, wanted = max(volume["Size"], being_given), environment.settings.clickhouse.volume_gib
    if size < wanted:
        failed = (
            f"; AWS: {last.get('StatusMessage', 'failed')}" if last and last["ModificationState"] == "failed" else ""
        )
        raise OpsError(
            f"the settings have clickhouse.volume_gib = {wanted}, but the volume has {size} GiB: first"
            f" {environment.deploy_command} (AWS takes four changes of a volume in 24 hours){failed}"
        )
    if size > wanted:
        raise OpsError(
            f"the volume has {size} GiB, but the settings have clickhouse.volume_gib = {wanted}: set it to {size}"
            " first, since a volume never shrinks, and the next deploy would fail"
        )
    return volume["VolumeId"], size


def _last_modification(ec2: "EC2Client", volume_id: str) -> "VolumeModificationTypeDef | None":
    # With a filter, a volume that was never modified is no error.
    found = ec2.describe_volumes_modifications(Filters=[{"Name": "volume-id", "Values": [volume_id]}])
    return next(iter(found["VolumesModifications"]), None)


def _wait_until_modified(ec2: "EC2Client", volume_id: str) -> None:
    """Waits until the instance can see the volume's new size, which it can while AWS still optimizes the volume.

    https://docs.aws.amazon.com/ebs/latest/userguide/monitoring-volume-modifications.html
    """
    deadline = time.monotonic() + MODIFYING_SECONDS
    while (last := _last_modification(ec2, volume_id)) and last["ModificationState"] == "modifying":
        if time.monotonic() > deadline:
            raise OpsError(f"AWS has not enlarged {volume_id} within {MODIFYING_SECONDS // 60} minutes: run it again")
        time.sleep(POLL_SECONDS)


def _file_system_gib(environment: Environment, *lines: str) -> float:
    """The size of the file system, which the last line shows."""
    answer = run_on_clickhouse_instance(environment, lines, timeout_seconds=RUN_SECONDS)
    geometries = GEOMETRY.findall(answer)
    if not geometries:
        raise OpsError("xfs_growfs does not tell the size of the file system")
    block_bytes, blocks = geometries[-1]
    return int(block_bytes) * int(blocks) / GIB
