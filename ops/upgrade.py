"""``ops upgrade``: migrates the databases for another Langfuse version, in a task of its own.

It runs before the services change, so that a migration that fails does not affect them.
https://langfuse.com/self-hosting/upgrade
"""

import re
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from botocore.exceptions import ClientError

from ops.console import Apply, console
from ops.ecs_services import container_of, describe_services, describe_task_definition, image_version
from ops.environment import Environment, OpsError, load_environment
from ops.failed_starts import explained
from ops.major_upgrade import check_major_upgrade
from ops.running_versions import running_versions
from ops.steady_state import TIMEOUT_SECONDS, Timeout
from settings import versions
from settings.images import Image, parse_image

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

POLL_SECONDS = 5
LOG_LINES = 20
# What RegisterTaskDefinition takes of what DescribeTaskDefinition gives.
KEPT = (
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "runtimePlatform",
    "volumes",
)
NO_MIGRATION = ("LANGFUSE_AUTO_CLICKHOUSE_MIGRATION_DISABLED", "LANGFUSE_AUTO_POSTGRES_MIGRATION_DISABLED")
WriteMode = Annotated[
    Literal["legacy", "dual", "events_only"] | None,
    typer.Option(help="From Langfuse 3 to 4: show what this write mode needs. By default, that of the settings."),
]


def upgrade(
    version: Annotated[str, typer.Argument(metavar="X.Y.Z", help="The Langfuse version to upgrade to.")],
    write_mode: WriteMode = None,
    apply: Apply = False,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Migrate the databases for another version of Langfuse.

    A task of web's task definition with the new version migrates them and ends. The services keep running the present
    version; the last line says which setting to change next. If the migration runs already, this waits for it. If it is
    done, it is not repeated while ECS still knows the task, about an hour. Make snapshots of the databases first:
    migrations can't be undone.

    From Langfuse 3 to 4, the settings must say how Langfuse 4 writes data: see docs/upgrade-to-4.md.

    Example: ops upgrade 4.28.0 --apply
    """
    _check_format(version)
    environment = load_environment()
    if not environment.settings.allow_untested_versions and (must := versions.untested_langfuse(version)):
        raise typer.BadParameter(f"{version}: {must}")
    (web,) = describe_services(environment, ["web"]).values()
    migration = Migration(environment, web, version)
    _check_versions(environment, migration.running, version)
    if migration.running == version:
        console.print(f"web runs {version} already: its databases are migrated. Nothing to do.")
        return
    _check_digest(environment, version)
    console.print(f"{environment.settings.prefix}: {migration.running} → {version}.")
    if versions.known_major(version) > versions.known_major(migration.running):
        check_major_upgrade(environment, version, write_mode, apply=apply)
    console.print(f"One task of {migration.image} migrates the databases.")
    if not apply:
        console.print("Nothing was changed: add --apply to do it.")
        return
    if migration.is_done():
        console.print("It has done so already.")
    else:
        migration.run(timeout)
    to_set = f'langfuse.version = "{version}" in environments/{environment.name}.toml, then '
    already = environment.settings.langfuse.version == version
    console.print(f"The databases are migrated. Next: {'' if already else to_set}{environment.deploy_command}.")


def _check_format(version: str) -> None:
    if not re.fullmatch(r"(0|[1-9]\d{0,3})(\.(0|[1-9]\d{0,3})){2}", version, re.ASCII):
        raise typer.BadParameter(f"{version}: must be X.Y.Z, such as 4.28.0")
    if must := versions.unsupported(version):
        raise typer.BadParameter(f"{version}: {must}")


def _check_versions(environment: Environment, running: str, version: str) -> None:
    """Refuses an older version, and one that the databases do not fit, or that they are too new to be known to fit."""
    if versions.as_numbers(version) < versions.as_numbers(running):
        raise OpsError(f"{version} is older than {running}, which runs: migrations can't be undone")
    found = running_versions(environment)
    unfit = versions.unfit(version, found.databases, clickhouse_reads_ticks=found.clickhouse_reads_ticks)
    for database, needed in unfit:
        raise OpsError(
            f"Langfuse {version} needs {database} {needed}; {environment.name} has {getattr(found.databases, database)}"
        )
    if not environment.settings.allow_untested_versions:
        for database, must in versions.untested(found.databases):
            raise OpsError(f"{environment.name} has {database} {getattr(found.databases, database)}: it {must}")


def _check_digest(environment: Environment, version: str) -> None:
    """Refuses to run an image that the settings do not pin, if they pin images."""
    langfuse = environment.settings.langfuse
    if langfuse.web_digest and langfuse.version != version:
        raise OpsError(
            f"langfuse.web_digest is of {langfuse.version}: set langfuse.version, web_digest and worker_digest of"
            f" {version} in environments/{environment.name}.toml, run this again, and deploy after that"
        )


class Migration:
    """The migration's task: web's, with another image and a command that ends once the entrypoint has migrated."""

    def __init__(self, environment: Environment, web: "ServiceTypeDef", version: str) -> None:
        self._environment = environment
        self._web = web
        self._ecs = environment.session.client("ecs")
        self._definition: Any = describe_task_definition(environment, web)
        self._container = container_of(self._definition, web)
        self.running = image_version(self._container)
        repository = parse_image(self._container["image"]).repository
        self.image = str(Image(repository, version, environment.settings.langfuse.web_digest or ""))
        self._family = f"{self._definition['family']}-migration"

    def is_done(self) -> bool:
        """Whether a task of this version has succeeded, as far as ECS knows: about an hour back."""
        return any(self._exit_code(task) == 0 for task in self._tasks("STOPPED"))

    def run(self, timeout_seconds: int) -> None:
        """Returns when the migration has succeeded. Shows the end of its log in any case.

        Raises:
            OpsError: if it fails or takes longer than ``timeout_seconds``, or a migration to another version runs.
        """
        running = self._tasks("RUNNING")
        task = running[0] if running else self._start()
        arn = task["taskArn"]
        where = f"task {arn.rpartition('/')[2]} in {self._environment.cluster}"
        try:
            ended = self._wait(arn, timeout_seconds)
        except KeyboardInterrupt:
            print(f"ops: the migration goes on without you, as {where}: run this again to wait for it", file=sys.stderr)
            raise
        self._show_log(arn)
        if ended is None:
            raise OpsError(
                f"the migration still runs after {timeout_seconds} s, as {where}: run this again to wait for it; the"
                " services run the old version"
            )
        if self._exit_code(ended) != 0:
            raise OpsError(
                f"the migration failed: {explained(ended)}; the services still run the old version: fix what the log"
                " says, then run it again"
            )

    def _tasks(self, status: Any) -> "list[TaskTypeDef]":  # noqa: ANN401
        """The migration's tasks of this image.

        Raises:
            OpsError: if one of another image runs: two migrations at a time leave a dirty database.
        """
        cluster = self._environment.cluster
        arns = self._ecs.list_tasks(cluster=cluster, family=self._family, desiredStatus=status)["taskArns"]
        tasks = self._ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        mine = [task for task in tasks if self.image in [container.get("image") for container in task["containers"]]]
        if status == "RUNNING" and len(mine) < len(tasks):
            raise OpsError(f"a migration to another version runs in {cluster}: wait until it has ended")
        return mine

    def _start(self) -> "TaskTypeDef":
        definition = self._ecs.register_task_definition(
            family=self._family,
            containerDefinitions=[self._migrating(), *self._before()],
            **{name: self._definition[name] for name in KEPT if name in self._definition},
        )["taskDefinition"]["taskDefinitionArn"]
        try:
            answer = self._ecs.run_task(
                cluster=self._environment.cluster,
                taskDefinition=definition,
                launchType="FARGATE",
                networkConfiguration=self._web["networkConfiguration"],
            )
        finally:
            # The running task keeps its definition.
            self._ecs.deregister_task_definition(taskDefinition=definition)
        if answer["failures"]:
            why = answer["failures"][0].get("reason")
            raise OpsError(f"ECS does not start the migration: {why}; nothing was changed")
        return answer["tasks"][0]

    def _migrating(self) -> Any:  # noqa: ANN401
        kept = {name: value for name, value in self._container.items() if name not in ("healthCheck", "portMappings")}
        variables = [variable for variable in self._container["environment"] if variable["name"] not in NO_MIGRATION]
        return {**kept, "environment": variables, "image": self.image, "command": ["true"]}

    def _before(self) -> list[Any]:
        """The containers that must have ended before web's starts."""
        names = {dependency["containerName"] for dependency in self._container.get("dependsOn", ())}
        return [container for container in self._definition["containerDefinitions"] if container["name"] in names]

    def _wait(self, arn: str, timeout_seconds: int) -> "TaskTypeDef | None":
        """The task once it has stopped; None if it takes longer."""
        deadline = time.monotonic() + timeout_seconds
        with console.status("Migrating ...") as view:
            while time.monotonic() <= deadline:
                # ECS may not know the task yet.
                tasks = self._ecs.describe_tasks(cluster=self._environment.cluster, tasks=[arn])["tasks"]
                state = tasks[0]["lastStatus"] if tasks else "starting"
                if state == "STOPPED":
                    return tasks[0]
                view.update(f"Migrating: the task is {state} ...")
                time.sleep(POLL_SECONDS)
        return None

    def _exit_code(self, task: "TaskTypeDef") -> int | None:
        """The exit code of web's container, since others may run beside it."""
        containers = {container["name"]: container for container in task["containers"]}
        return containers[self._container["name"]].get("exitCode") if self._container["name"] in containers else None

    def _show_log(self, arn: str) -> None:
        options = self._container["logConfiguration"]["options"]
        stream = f"{options['awslogs-stream-prefix']}/{self._container['name']}/{arn.rpartition('/')[2]}"
        logs = self._environment.session.client("logs")
        try:
            events = logs.get_log_events(logGroupName=options["awslogs-group"], logStreamName=stream, limit=LOG_LINES)
        except ClientError as error:
            console.print(f"It left no log ({error.response['Error']['Code']}).")
            return
        for event in events["events"]:
            console.print(event["message"].rstrip())
