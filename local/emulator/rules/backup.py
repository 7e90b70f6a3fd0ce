"""Requests that AWS Backup refuses."""

from ministack.services import backup

from local.emulator.rules.rule import Request, refuses


@refuses("backup", "DeleteBackupVault", code="InvalidRequestException")
def vault_with_recovery_points(request: Request) -> str | None:
    """A vault cannot be deleted while it has recovery points.

    See https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backup-vaults.html.
    """
    points = backup._vaults.get(request["BackupVaultName"], {}).get("NumberOfRecoveryPoints")
    return f"Backup vault cannot be deleted because it contains {points} recovery points." if points else None


@refuses("backup", "DeleteBackupPlan", code="InvalidRequestException")
def plan_with_selections(request: Request) -> str | None:
    """A plan cannot be deleted before its selections.

    See https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteBackupPlan.html.
    """
    selections = [s for s in backup._selections.values() if s["BackupPlanId"] == request["BackupPlanId"]]
    return "Related backup plan selections must be deleted prior to backup plan deletion." if selections else None
