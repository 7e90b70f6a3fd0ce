"""``ops redeploy``: new tasks of the same version, which is how they read a changed secret."""

from typing import Annotated

import typer

from ops.console import Apply, AsJson, console, print_json, say_dry_run, table
from ops.steady_state import TIMEOUT_SECONDS, NoWait, Timeout, describe, view, wait
from ops.target import SERVICES, target


def redeploy(
    services: Annotated[
        list[str] | None, typer.Argument(metavar="[web] [worker]", help="Both, if none is named.")
    ] = None,
    apply: Apply = False,
    no_wait: NoWait = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Replace the running tasks by new ones, to read changed secrets.

    One service after the other, web first, since it migrates the databases. Each --apply replaces them once more; a
    service that wants no tasks is left alone.
    """
    chosen = [service for service in SERVICES if service in (services or SERVICES)]
    if unknown := set(services or ()) - set(SERVICES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: must be web or worker")
    here = target()
    client = here.session.client("ecs")
    found = {}
    for service, one in describe(here, chosen).items():
        if one["desiredCount"] == 0:
            found[service] = "has no tasks to replace"
        elif not apply:
            found[service] = f"would replace {one['runningCount']} task(s)"
        else:
            updated = client.update_service(cluster=here.cluster, service=one["serviceName"], forceNewDeployment=True)
            if not no_wait:
                wait(here, {service: updated["service"]}, timeout, quiet=as_json)
            found[service] = "being replaced" if no_wait else "replaced"
    if as_json:
        print_json(found)
        return
    console.print(table("service", "tasks", rows=found.items()))
    if apply:
        console.print(view(describe(here, chosen)))
    else:
        say_dry_run(changes=any(state.startswith("would") for state in found.values()))
