"""Whether the running tasks have the present secrets: ECS reads these only when it starts a task."""

from collections.abc import Iterator
from datetime import UTC

from ops.ecs_services import container_of, describe_task_definition, existing_services, running_tasks
from ops.environment import SERVICES, Environment
from ops.findings import Finding, Verdict, finding
from ops.secret_value import current_version, reference


def tasks_have_present_secrets(environment: Environment) -> Iterator[Finding]:
    """No task is older than its secrets, as after ``ops clickhouse set``, or ``ops redeploy`` that was killed."""
    for name, service in existing_services(environment, SERVICES).items():
        tasks = running_tasks(environment, service)
        if not tasks:
            continue
        started = min(task["createdAt"] for task in tasks)
        container = container_of(describe_task_definition(environment, service), service)
        versions = {
            entry["name"]: current_version(environment, reference(entry["valueFrom"]).arn)
            for entry in container["secrets"]
        }
        newer = sorted(
            variable for variable, version in versions.items() if version and version["CreatedDate"] > started
        )
        since = f"a task runs since {started.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        yield finding(
            f"{name} has the present secrets",
            not newer,
            f"{since}, and these were stored later: {', '.join(newer)}" if newer else since,
            "`ops redeploy --apply`",
            otherwise=Verdict.WARNING,
        )
