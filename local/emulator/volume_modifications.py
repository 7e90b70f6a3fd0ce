"""How EBS modifies a volume: in states, while the file system on it stays as it is.

https://docs.aws.amazon.com/ebs/latest/userguide/monitoring-volume-modifications.html
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.services import ec2

from local.emulator.ministack_gaps import Answer, Handler, Parameters, wraps

MODIFYING = timedelta(seconds=2)
"""How long a volume is ``modifying``; on AWS a few seconds."""
OPTIMIZING = timedelta(seconds=0.5)
"""How long it is ``optimizing`` then; on AWS minutes to hours."""


@wraps(ec2, "ModifyVolume")
def started_modification(modify: Handler, params: Parameters) -> Answer:
    """EC2 ModifyVolume in ministack 1.5 is completed at once."""
    volume = ec2._volumes.get(ec2._p(params, "VolumeId"), {})
    before = volume.get("Size")
    volume.setdefault("_file_system_gib", before)
    status, headers, body = modify(params)
    if status == 200:
        volume["_modification"] = (datetime.now(UTC), before)
        body = body.replace(b">completed<", b">modifying<")
    return status, headers, body


@wraps(ec2, "DescribeVolumesModifications")
def modifications_in_their_states(_: Handler, params: Parameters) -> Answer:
    """EC2 DescribeVolumesModifications in ministack 1.5 has one of every volume, ``completed``, and no filters."""
    wanted = ec2._parse_member_list(params, "VolumeId") or ec2._parse_filters(params).get("volume-id")
    items = "".join(
        f"<item>{_modification(volume)}</item>"
        for id_, volume in ec2._volumes.items()
        if "_modification" in volume and (not wanted or id_ in wanted)
    )
    answer: Answer = ec2._xml(
        200, "DescribeVolumesModificationsResponse", f"<volumeModificationSet>{items}</volumeModificationSet>"
    )
    return answer


def modification_state(volume: Parameters) -> str:
    """The state of a volume's last modification; ``completed`` if it has had none."""
    if "_modification" not in volume:
        return "completed"
    age = datetime.now(UTC) - volume["_modification"][0]
    if age < MODIFYING:
        return "modifying"
    return "optimizing" if age < MODIFYING + OPTIMIZING else "completed"


def _modification(volume: dict[str, Any]) -> str:
    started, before = volume["_modification"]
    state = modification_state(volume)
    return (
        f"<volumeId>{volume['VolumeId']}</volumeId><modificationState>{state}</modificationState>"
        f"<originalSize>{before}</originalSize><targetSize>{volume['Size']}</targetSize>"
        f"<targetVolumeType>{volume['VolumeType']}</targetVolumeType><targetIops>{volume['Iops']}</targetIops>"
        f"<startTime>{started.isoformat()}</startTime><progress>{100 if state == 'completed' else 0}</progress>"
    )


@wraps(ec2, "AttachVolume")
def volume_with_a_full_file_system(attach: Handler, params: Parameters) -> Answer:
    """The boot script of the instance makes a file system on its volume, or grows the one that is there."""
    answer = attach(params)
    for id_ in re.findall(r"<volumeId>(vol-\w+)</volumeId>", answer[2].decode()):
        ec2._volumes[id_].pop("_file_system_gib", None)
    return answer


def file_system_gib(instance_id: str) -> int:
    """The size of the file system on the data volume of an instance."""
    volume = _data_volume(instance_id)
    return int(volume.get("_file_system_gib") or volume["Size"])


def grow_file_system(instance_id: str) -> None:
    """Makes the file system as large as its volume, if the instance can see the volume's size already."""
    volume = _data_volume(instance_id)
    if modification_state(volume) != "modifying":
        volume["_file_system_gib"] = volume["Size"]


def _data_volume(instance_id: str) -> dict[str, Any]:
    """The volume that is attached to the instance besides its root volume."""
    root = {mapping["Ebs"]["VolumeId"] for mapping in ec2._instances[instance_id]["BlockDeviceMappings"][:1]}
    volume: dict[str, Any]
    (volume,) = [
        volume
        for id_, volume in ec2._volumes.items()
        if id_ not in root and any(one["InstanceId"] == instance_id for one in volume["Attachments"])
    ]
    return volume
