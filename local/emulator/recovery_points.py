"""The recovery points of AWS Backup, which ministack 1.5 makes and counts, but neither lists nor deletes.

Terraform lists and deletes them before it deletes a vault with ``force_destroy``.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from ministack.services import backup

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
            job["RecoveryPointArn"] = ""
            backup._vaults[parts[1]]["NumberOfRecoveryPoints"] -= 1
    answer: Answer = backup._no_content()
    return answer
