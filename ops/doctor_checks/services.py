"""Whether the services exist and have the right address."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from ops.ecs_services import container_of, describe_task_definition, existing_services
from ops.environment import Environment
from ops.findings import Finding, Verdict, finding
from settings.sections.langfuse import AUTH_PATH


def services_exist(environment: Environment) -> Iterator[Finding]:
    """All services exist. Terraform creates the others once web is healthy, so a web that never is leaves none."""
    services = existing_services(environment, environment.services)
    remedy = f"fix what else is found here, then {environment.deploy_command}"
    for name in environment.services:
        exists = name in services
        evidence = f"{environment.service_name(name)} is {'there' if exists else 'absent'}"
        yield finding(f"{name} is deployed", exists, evidence, remedy)
    for name in environment.services_to_come:
        yield finding(f"{name} is deployed", False, "it is in the settings only", remedy, otherwise=Verdict.WARNING)


def address_is_public(environment: Environment) -> Iterator[Finding]:
    """NEXTAUTH_URL is the address that browsers show."""
    for web in existing_services(environment, ["web"]).values():
        container = container_of(describe_task_definition(environment, web), web)
        variables = {variable["name"]: variable["value"] for variable in container["environment"]}
        current, desired = variables.get("NEXTAUTH_URL"), environment.outputs("services")["alb_url"]
        # With a base path, it ends in /api/auth.
        same = current == desired + (AUTH_PATH if urlsplit(desired).path else "")
        # It was overridden by the settings of an earlier release, or by hand in a task definition.
        remedy = (
            f"{environment.deploy_command}: langfuse.environment.NEXTAUTH_URL can't override it any more; sign-in fails"
            f" until then. If users shall come to {current}, set domain.name first"
        )
        yield finding("NEXTAUTH_URL is the public address", same, f"{current}, and users come to {desired}", remedy)
