"""``ops doctor``: checks for the known causes of a Langfuse that does not work, and says how to fix each."""

import typer

from ops.console import AsJson, print_json
from ops.doctor_checks import (
    autoscaling,
    database_versions,
    databases,
    drift,
    mail,
    running_tasks,
    secret_addresses,
    secrets,
    services,
    spot,
    starts,
    task_secrets,
    web_log,
)
from ops.environment import load_environment
from ops.findings import Check, Verdict, print_findings, run_checks

CHECKS: dict[str, Check] = {
    "services": services.services_exist,
    "starts of tasks": starts.tasks_start,
    "Fargate Spot": spot.spot_has_capacity,
    "resources of the state": drift.resources_exist,
    "versions": database_versions.versions_fit,
    "database": databases.database_is_reachable,
    "secrets of the tasks": task_secrets.secrets_are_readable,
    "secrets of the running tasks": running_tasks.tasks_have_present_secrets,
    "autoscaling": autoscaling.services_scale,
    "NEXTAUTH_URL": services.address_is_public,
    "ClickHouse's secrets": secrets.clickhouse_secrets,
    "ClickHouse's secrets together": secrets.clickhouse_secrets_fit,
    "ENCRYPTION_KEY": secrets.encryption_key,
    "Redis": databases.redis_never_evicts,
    "mail": mail.mail_can_leave,
    "addresses in secrets": secret_addresses.addresses_are_reachable,
    "web's log": web_log.web_log,
}


def doctor(as_json: AsJson = False) -> None:
    """Check for the known causes of a Langfuse that does not work.

    Shows each check's verdict, its evidence and its remedy. Exit code 1 if a check fails, or could not be made.

    Example: ops doctor --json
    """
    environment = load_environment()
    # Fails if this stack is not deployed: there is nothing to check.
    environment.outputs("data")
    findings = run_checks(environment, CHECKS)
    if as_json:
        print_json([found._asdict() for found in findings])
    else:
        print_findings(findings, title=environment.settings.prefix)
    if any(found.verdict is not Verdict.OK for found in findings):
        raise typer.Exit(1)
