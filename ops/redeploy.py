"""``ops redeploy``: replaces the running tasks, which then read changed secrets."""

from typing import Annotated

import typer

from ops.console import Apply, AsJson, print_json, say_dry_run, show, table
from ops.ecs_services import describe_services, services_table
from ops.environment import load_environment
from ops.steady_state import TIMEOUT_SECONDS, NoWait, Timeout, wait_until_steady
from settings.sections.service_size import SERVICES


def redeploy(
    services: Annotated[
        list[str] | None, typer.Argument(metavar="SERVICE", help=f"{', '.join(SERVICES)}. By default all.")
    ] = None,
    apply: Apply = False,
    no_wait: NoWait = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Replace the running tasks by new tasks.

    The new tasks are of the same version, and read changed secrets. Web is replaced first, since it migrates the
    databases. Each --apply replaces the tasks again. A service with a desired count of 0 stays as it is.

    Example: ops redeploy web --apply
    """
    if unknown := set(services or ()) - set(SERVICES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: must be one of {', '.join(SERVICES)}")
    environment = load_environment()
    chosen = [service for service in SERVICES if service in (services or environment.services)]
    client = environment.session.client("ecs")
    results = {}
    for name, service in describe_services(environment, chosen).items():
        if service["desiredCount"] == 0:
            results[name] = "has no tasks to replace"
        elif not apply:
            results[name] = f"would replace {service['runningCount']} task(s)"
        else:
            updated = client.update_service(
                cluster=environment.cluster, service=service["serviceName"], forceNewDeployment=True
            )
            if not no_wait:
                wait_until_steady(environment, name, updated["service"], timeout, quiet=as_json)
            results[name] = "being replaced" if no_wait else "replaced"
    if as_json:
        print_json(results)
        return
    show(table("service", "tasks", rows=results.items()))
    if apply:
        show(services_table(describe_services(environment, chosen)))
    else:
        say_dry_run(changes=any(result.startswith("would") for result in results.values()))
