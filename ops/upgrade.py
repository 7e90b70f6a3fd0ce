"""``ops upgrade``: migrates the databases for another Langfuse version in a task of its own, before any service moves.

A migration that fails there leaves the running version alone. https://langfuse.com/self-hosting/upgrade
"""

import re
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import ClientError

from ops.console import Apply, console
from ops.status import why_stopped
from ops.steady_state import TIMEOUT_SECONDS, Timeout, describe
from ops.target import OpsError, Target, target
from settings import versions

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

POLL_SECONDS = 5
LOG_LINES = 20
# What RegisterTaskDefinition takes of what DescribeTaskDefinition gives.
KEPT = ("taskRoleArn", "executionRoleArn", "networkMode", "requiresCompatibilities", "cpu", "memory", "runtimePlatform")
NO_MIGRATION = ("LANGFUSE_AUTO_CLICKHOUSE_MIGRATION_DISABLED", "LANGFUSE_AUTO_POSTGRES_MIGRATION_DISABLED")


def upgrade(
    version: Annotated[str, typer.Argument(metavar="X.Y.Z", help="The Langfuse version to move to.")],
    apply: Apply = False,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Migrate the databases for another version of Langfuse.

    One task of web's task definition, with the new version, does it and ends. The services keep running what they
    run; which setting to change then, this says at its end. A migration that runs already is waited for; one that is
    done is not done again while ECS remembers it, about an hour. Make a snapshot of the databases first: migrations
    have no way back.
    """
    _check_format(version)
    here = target()
    (web,) = describe(here, ["web"]).values()
    migration = Migration(here, web, version)
    _check_versions(here, migration.running, version)
    if migration.running == version:
        console.print(f"web runs {version} already: its databases are migrated. Nothing to do.")
        return
    console.print(f"{here.settings.prefix}: {migration.running} → {version}.")
    console.print(f"One task of {migration.image} migrates the databases.")
    if not apply:
        console.print("Nothing was changed: add --apply to do it.")
        return
    if migration.is_done():
        console.print("It has done so already.")
    else:
        migration.run(timeout)
    name = here.settings.name
    console.print(
        f'The databases are migrated. Next: langfuse.version = "{version}" in environments/{name}.toml, then'
        f" `make deploy ENV={name}`."
    )


def _check_format(version: str) -> None:
    known = versions.MINIMUM_BY_LANGFUSE_MAJOR
    if not re.fullmatch(r"\d+\.\d+\.\d+", version, re.ASCII) or versions.as_numbers(version)[0] not in known:
        raise typer.BadParameter(f"{version}: must be X.Y.Z, of major version {' or '.join(map(str, known))}")


def _check_versions(here: Target, running: str, version: str) -> None:
    """Refuses a step back, and one that the databases are too old for."""
    if versions.as_numbers(version) < versions.as_numbers(running):
        raise OpsError(f"{version} is older than {running}, which runs: migrations have no way back")
    (postgres,) = here.session.client("rds").describe_db_instances(DBInstanceIdentifier=here.database_id)["DBInstances"]
    databases = versions.Databases(here.settings.clickhouse.version, postgres["EngineVersion"], _redis_version(here))
    for database, least in versions.too_old(version, databases):
        have = getattr(databases, database)
        raise OpsError(
            f"Langfuse {version} needs {database} {least} or newer, {here.settings.name} has {have}: upgrade that first"
        )


def _redis_version(here: Target) -> str:
    for page in here.session.client("elasticache").get_paginator("describe_cache_clusters").paginate():
        for one in page["CacheClusters"]:
            if one.get("ReplicationGroupId") == here.cache_id:
                return one["EngineVersion"]
    return here.settings.redis.version


class Migration:
    """The one-off task: web's, with another image and a command that ends at once, after the entrypoint migrated."""

    def __init__(self, here: Target, web: "ServiceTypeDef", version: str) -> None:
        self._here = here
        self._web = web
        self._ecs = here.session.client("ecs")
        self._definition: Any = self._ecs.describe_task_definition(taskDefinition=web["taskDefinition"])[
            "taskDefinition"
        ]
        self._container = next(
            one for one in self._definition["containerDefinitions"] if one["name"] == web["serviceName"]
        )
        repository, _, self.running = self._container["image"].rpartition(":")
        self.image = f"{repository}:{version}"
        self._family = f"{self._definition['family']}-migration"

    def is_done(self) -> bool:
        """Whether a task of this version ended well within the last hour, as long as ECS remembers."""
        return any(self._exit_code(task) == 0 for task in self._tasks("STOPPED"))

    def run(self, timeout_seconds: int) -> None:
        """Returns when the migration has ended well; shows the end of what it wrote in any case.

        Raises:
            OpsError: if it fails, or takes longer; or if another version's still runs.
        """
        running = self._tasks("RUNNING")
        task = running[0] if running else self._start()
        arn = task["taskArn"]
        where = f"task {arn.rpartition('/')[2]} in {self._here.cluster}"
        try:
            ended = self._wait(arn, timeout_seconds)
        except KeyboardInterrupt:
            raise OpsError(f"the migration goes on without you, as {where}: run this again to wait for it") from None
        self._show_log(arn)
        if ended is None:
            raise OpsError(
                f"the migration still runs after {timeout_seconds} s, as {where}: run this again to wait for it; the"
                " services run the old version"
            )
        if self._exit_code(ended) != 0:
            raise OpsError(
                f"the migration failed ({why_stopped(ended)}); the services still run the old version: mend what the"
                " log says, then run it again"
            )

    def _tasks(self, status: Any) -> "list[TaskTypeDef]":  # noqa: ANN401
        """The migration's tasks of this image.

        Raises:
            OpsError: if one of another image runs: two migrations at a time leave a dirty database.
        """
        cluster = self._here.cluster
        arns = self._ecs.list_tasks(cluster=cluster, family=self._family, desiredStatus=status)["taskArns"]
        tasks = self._ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        mine = [task for task in tasks if self.image in [one.get("image") for one in task["containers"]]]
        if status == "RUNNING" and len(mine) < len(tasks):
            raise OpsError(f"a migration to another version runs in {cluster}: wait until it has ended")
        return mine

    def _start(self) -> "TaskTypeDef":
        definition = self._ecs.register_task_definition(
            family=self._family,
            containerDefinitions=[self._migrating()],
            **{name: self._definition[name] for name in KEPT if name in self._definition},
        )["taskDefinition"]["taskDefinitionArn"]
        try:
            answer = self._ecs.run_task(
                cluster=self._here.cluster,
                taskDefinition=definition,
                launchType="FARGATE",
                networkConfiguration=self._web["networkConfiguration"],
            )
        finally:
            # The task keeps what it started with.
            self._ecs.deregister_task_definition(taskDefinition=definition)
        if answer["failures"]:
            why = answer["failures"][0].get("reason")
            raise OpsError(f"ECS does not start the migration: {why}; nothing was changed")
        return answer["tasks"][0]

    def _migrating(self) -> Any:  # noqa: ANN401
        kept = {name: value for name, value in self._container.items() if name not in ("healthCheck", "portMappings")}
        environment = [one for one in self._container["environment"] if one["name"] not in NO_MIGRATION]
        return {**kept, "environment": environment, "image": self.image, "command": ["true"]}

    def _wait(self, arn: str, timeout_seconds: int) -> "TaskTypeDef | None":
        """The task when it has stopped; nothing if it takes longer."""
        deadline = time.monotonic() + timeout_seconds
        with console.status("Migrating ...") as view:
            while time.monotonic() <= deadline:
                # ECS may not know it yet.
                found = self._ecs.describe_tasks(cluster=self._here.cluster, tasks=[arn])["tasks"]
                state = found[0]["lastStatus"] if found else "starting"
                if state == "STOPPED":
                    return found[0]
                view.update(f"Migrating: the task is {state} ...")
                time.sleep(POLL_SECONDS)
        return None

    def _exit_code(self, task: "TaskTypeDef") -> int | None:
        """Web's container's: others may run beside it."""
        codes = [one.get("exitCode") for one in task["containers"] if one["name"] == self._container["name"]]
        return codes[0] if codes else None

    def _show_log(self, arn: str) -> None:
        options = self._container["logConfiguration"]["options"]
        stream = f"{options['awslogs-stream-prefix']}/{self._container['name']}/{arn.rpartition('/')[2]}"
        logs = self._here.session.client("logs")
        try:
            events = logs.get_log_events(logGroupName=options["awslogs-group"], logStreamName=stream, limit=LOG_LINES)
        except ClientError as error:
            console.print(f"It left no log ({error.response['Error']['Code']}).")
            return
        for event in events["events"]:
            console.print(event["message"].rstrip())
