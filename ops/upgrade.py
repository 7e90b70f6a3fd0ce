"""``ops upgrade``: migrates the databases for another Langfuse version in a task of its own, before any service moves.

A migration that fails there leaves the running version alone. https://langfuse.com/self-hosting/upgrade
"""

import re
import time
from typing import Annotated, Any

import typer

from ops.console import Apply, console
from ops.steady_state import TIMEOUT_SECONDS, Timeout, describe
from ops.target import CLIENT_CONFIG, OpsError, Target, target
from settings import versions

POLL_SECONDS = 5
LOG_LINES = 20
# What RegisterTaskDefinition takes of what DescribeTaskDefinition gives.
KEPT = ("taskRoleArn", "executionRoleArn", "networkMode", "requiresCompatibilities", "cpu", "memory", "runtimePlatform")


def upgrade(
    version: Annotated[str, typer.Argument(metavar="X.Y.Z", help="The Langfuse version to move to.")],
    apply: Apply = False,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Migrate the databases for another version of Langfuse.

    One task of web's task definition, with the new version, does it and ends. The services keep running what they
    run; which setting to change then, this says at its end. Make a snapshot of the databases first: migrations have
    no way back.
    """
    here = target()
    _check(here, version)
    (web,) = describe(here, ["web"]).values()
    ecs = here.session.client("ecs", config=CLIENT_CONFIG)
    definition: Any = ecs.describe_task_definition(taskDefinition=web["taskDefinition"])["taskDefinition"]
    container = definition["containerDefinitions"][0]
    repository, _, running = container["image"].rpartition(":")
    if running == version:
        console.print(f"web runs {version} already: its databases are migrated. Nothing to do.")
        return
    console.print(
        f"{here.settings.prefix}: {running} → {version}; one task of {repository}:{version} migrates the databases."
    )
    if not apply:
        console.print("Nothing was changed: add --apply to do it.")
        return
    family = f"{definition['family']}-migration"
    registered = ecs.register_task_definition(
        family=family,
        containerDefinitions=[_migration(container, f"{repository}:{version}")],
        **{name: definition[name] for name in KEPT if name in definition},
    )["taskDefinition"]
    try:
        task = _run(here, web, registered["taskDefinitionArn"])
        _wait(here, task, timeout)
    finally:
        ecs.deregister_task_definition(taskDefinition=registered["taskDefinitionArn"])
    name = here.settings.name
    console.print(
        f'The databases are migrated. Next: langfuse.version = "{version}" in environments/{name}.toml, then'
        f" `make deploy ENV={name}`."
    )


def _check(here: Target, version: str) -> None:
    """Refuses a version that can't be, or that the environment's databases are too old for."""
    known = versions.MINIMUM_BY_LANGFUSE_MAJOR
    if not re.fullmatch(r"\d+\.\d+\.\d+", version, re.ASCII) or versions.as_numbers(version)[0] not in known:
        raise typer.BadParameter(f"{version}: must be X.Y.Z, of major version {' or '.join(map(str, known))}")
    settings = here.settings
    if versions.as_numbers(version) < versions.as_numbers(settings.langfuse.version):
        raise OpsError(f"{version} is older than {settings.langfuse.version}: migrations have no way back")
    chosen = versions.Databases(settings.clickhouse.version, settings.postgres.version, settings.redis.version)
    for database, least in versions.too_old(version, chosen):
        have = getattr(chosen, database)
        raise OpsError(
            f"Langfuse {version} needs {database} {least} or newer, {settings.name} has {have}: upgrade that first"
        )


def _migration(container: dict[str, Any], image: str) -> Any:  # noqa: ANN401
    """Web's container, whose entrypoint migrates and then runs ``true`` in web's place."""
    kept = {name: value for name, value in container.items() if name not in ("healthCheck", "portMappings")}
    return {**kept, "image": image, "command": ["true"]}


def _run(here: Target, web: Any, definition: str) -> str:  # noqa: ANN401
    ecs = here.session.client("ecs", config=CLIENT_CONFIG)
    answer = ecs.run_task(
        cluster=here.cluster,
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration=web["networkConfiguration"],
        startedBy="ops-upgrade",
    )
    if answer["failures"]:
        raise OpsError(f"ECS does not start the migration: {answer['failures'][0].get('reason')}; nothing was changed")
    return answer["tasks"][0]["taskArn"]


def _wait(here: Target, task: str, timeout_seconds: int) -> None:
    """Returns when the migration has ended well; shows the end of what it wrote in any case."""
    ecs = here.session.client("ecs", config=CLIENT_CONFIG)
    deadline = time.monotonic() + timeout_seconds
    with console.status("Migrating ...") as view:
        while True:
            (found,) = ecs.describe_tasks(cluster=here.cluster, tasks=[task])["tasks"]
            if found["lastStatus"] == "STOPPED":
                break
            if time.monotonic() > deadline:
                raise OpsError(
                    f"the migration still runs after {timeout_seconds} s: task {task.rpartition('/')[2]} in"
                    f" {here.cluster}; the services run the old version"
                )
            view.update(f"Migrating: the task is {found['lastStatus']} ...")
            time.sleep(POLL_SECONDS)
    _show_log(here, task)
    code = found["containers"][0].get("exitCode")
    if code != 0:
        raise OpsError(
            f"the migration failed (exit code {code}: {found.get('stoppedReason', '-')}); the services still run the"
            " old version: mend what the log says, then run it again"
        )


def _show_log(here: Target, task: str) -> None:
    logs = here.session.client("logs", config=CLIENT_CONFIG)
    group = here.outputs("services")["web_log_group_name"]
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group)
    streams = [one["logStreamName"] for page in pages for one in page["logStreams"]]
    for stream in streams:
        if stream.endswith(task.rpartition("/")[2]):
            events = logs.get_log_events(logGroupName=group, logStreamName=stream, limit=LOG_LINES)["events"]
            for event in events:
                console.print(event["message"].rstrip(), markup=False)
