"""The recovery points of AWS Backup, which ministack 1.5 makes and counts, but neither lists nor deletes.

Terraform lists and deletes them before it deletes a vault with ``force_destroy``. Those of a volume are snapshots.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from ministack.services import backup, ec2

from local.emulator.ministack_gaps import Answer, wraps

Query = Mapping[str, str]
LISTED = ("RecoveryPointArn", "BackupVaultName", "BackupVaultArn", "ResourceArn", "IamRoleArn", "CreationDate")


def recovery_points(vault_name: str) -> dict[str, dict[str, Any]]:
    """The recovery points in the vault, by their ARNs."""
    return {
        job["RecoveryPointArn"]: {name: job[name] for name in LISTED} | {"Status": "COMPLETED"}
        for job in backup._jobs.values()
        if job["BackupVaultName"] == vault_name and job["RecoveryPointArn"]
    }


@wraps(backup, "_start_job")
def job_that_makes_a_snapshot(start: Callable[[Mapping[str, Any]], Answer], body: Mapping[str, Any]) -> Answer:
    """AWS Backup StartBackupJob in ministack 1.5 makes no snapshot of a volume, which is its recovery point."""
    status, headers, answer = start(body)
    kind, _, volume_id = body["ResourceArn"].rpartition("/")
    if kind.endswith(":volume") and volume_id in ec2._volumes:
        _, _, made = ec2._ACTION_MAP["CreateSnapshot"]({"VolumeId": [volume_id]})
        (snapshot_id,) = re.findall(r"<snapshotId>(snap-\w+)</snapshotId>", made.decode())
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/tags-on-backups.html
        ec2._tags[snapshot_id] = list(ec2._tags.get(volume_id, []))
        job = backup._jobs[json.loads(answer)["BackupJobId"]]
        arn = f"{kind.rpartition(':')[0].rpartition(':')[0]}::snapshot/{snapshot_id}"
        answer = answer.replace(job["RecoveryPointArn"].encode(), arn.encode())
        job["RecoveryPointArn"] = arn
    return status, headers, answer


@wraps(backup, "_list_recovery_points_by_vault")
def listed_recovery_points(list_: Callable[[str, Query], Answer], vault_name: str, query: Query) -> Answer:
    """AWS Backup ListRecoveryPointsByBackupVault in ministack 1.5 returns none."""
    if vault_name not in backup._vaults:
        return list_(vault_name, query)
    answer: Answer = backup._paginate(list(recovery_points(vault_name).values()), query, "RecoveryPoints")
    return answer


@wraps(backup, "_describe_recovery_point")
def described_recovery_point(describe: Callable[[str, str], Answer], vault_name: str, arn: str) -> Answer:
    """AWS Backup DescribeRecoveryPoint in ministack 1.5 finds none."""
    found = recovery_points(vault_name).get(unquote(arn))
    answer: Answer = backup._ok(found) if found else describe(vault_name, arn)
    return answer


@wraps(backup, "handle_request")
async def deleted_recovery_point(
    handle: Callable[..., Awaitable[Answer]], method: str, path: str, *rest: object
) -> Answer:
    """AWS Backup DeleteRecoveryPoint is missing in ministack 1.5."""
    parts = unquote(path).strip("/").split("/", 3)
    if method != "DELETE" or parts[0] != "backup-vaults" or parts[2:3] != ["recovery-points"]:
        return await handle(method, path, *rest)
    for job in backup._jobs.values():
        if (job["BackupVaultName"], job["RecoveryPointArn"]) == (parts[1], parts[3]):
            ec2._snapshots.pop(job["RecoveryPointArn"].rpartition("/")[2], None)
            job["RecoveryPointArn"] = ""
            backup._vaults[parts[1]]["NumberOfRecoveryPoints"] -= 1
    answer: Answer = backup._no_content()
    return answer
