"""The versions that the databases of an environment run."""

from typing import NamedTuple

from ops import clickhouse_version
from ops.environment import AWS_ERRORS, Environment, OpsError, reason
from ops.redis_nodes import redis_nodes
from settings import versions


class RunningVersions(NamedTuple):
    """``clickhouse_reads_ticks`` is for ``versions.unfit``.

    ``clickhouse_not_asked`` says why ClickHouse could not be asked: its version is then that of the settings. It is
    empty otherwise.
    """

    databases: versions.Databases
    clickhouse_reads_ticks: bool
    clickhouse_not_asked: str = ""


def running_versions(environment: Environment) -> RunningVersions:
    """Asks AWS for PostgreSQL's and Redis's versions, and ClickHouse for its own."""
    rds = environment.session.client("rds")
    (postgres,) = rds.describe_db_instances(DBInstanceIdentifier=environment.database_id)["DBInstances"]
    redis = [node["EngineVersion"] for node in redis_nodes(environment)]
    not_asked = ""
    try:
        clickhouse = clickhouse_version.ask(environment)
    except (OpsError, *AWS_ERRORS) as error:
        clickhouse = clickhouse_version.Clickhouse(environment.settings.clickhouse.version, reads_ticks=False)
        not_asked = reason(error)
    databases = versions.Databases(
        clickhouse.version, postgres["EngineVersion"], redis[0] if redis else environment.settings.redis.engine_version
    )
    return RunningVersions(databases, clickhouse.reads_ticks, not_asked)
