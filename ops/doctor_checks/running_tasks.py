"""Whether the running tasks have the present secrets: ECS reads these only when it starts a task."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ops.ecs_services import describe_task_definition, existing_services, running_tasks, secrets_of
from ops.environment import Environment
from ops.findings import Finding, Verdict, finding
from ops.secret_value import reference


def tasks_have_present_secrets(environment: Environment) -> Iterator[Finding]:
    """No task is older than its secrets, as after ``ops clickhouse set``, or ``ops redeploy`` that was killed."""
    for name, service in existing_services(environment, environment.services).items():
        tasks = running_tasks(environment, service)
        if not tasks:
            continue
        started = min(task["createdAt"] for task in tasks)
        secrets = secrets_of(describe_task_definition(environment, service))
        stored = {variable: _stored_at(environment, reference(arn).arn) for variable, arn in secrets.items()}
        newer = sorted(variable for variable, date in stored.items() if date and date > started)
        since = f"a task runs since {started.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        yield finding(
            f"{name} has the present secrets",
            not newer,
            f"{since}, and these were stored later: {', '.join(newer)}" if newer else since,
            "`ops redeploy --apply`",
            otherwise=Verdict.WARNING,
        )


def _stored_at(environment: Environment, secret: str) -> datetime | None:
    """When the secret's current version was stored. Its value is not read, which not every operator may."""
    client = environment.session.client("secretsmanager")
    try:
        # One page: a secret has at most 20 labels, and versions without any are left out.
        versions = client.list_secret_version_ids(SecretId=secret, MaxResults=100)["Versions"]
    except client.exceptions.ResourceNotFoundException:
        return None
    return next((one["CreatedDate"] for one in versions if "AWSCURRENT" in one.get("VersionStages", ())), None)
