"""Whether the databases' versions fit the Langfuse that runs."""

from collections.abc import Iterator

from ops.ecs_services import container_of, describe_task_definition, existing_services, image_version
from ops.environment import Environment
from ops.findings import Finding, Verdict, finding
from ops.running_versions import running_versions
from settings import versions

NAMES = {"clickhouse": "ClickHouse", "postgres": "PostgreSQL", "redis": "Redis"}


def versions_fit(environment: Environment) -> Iterator[Finding]:
    """The table of versions, for what runs. A ClickHouse that can't be asked has the version of the settings."""
    langfuse = environment.settings.langfuse.version
    for web in existing_services(environment, ["web"]).values():
        langfuse = image_version(container_of(describe_task_definition(environment, web), web))
    if must := versions.unsupported(langfuse):
        yield finding("Langfuse is supported", False, f"{langfuse} runs: it {must}", "`ops upgrade`")
        return
    running = running_versions(environment)
    unfit = dict(versions.unfit(langfuse, running.databases, clickhouse_reads_ticks=running.clickhouse_reads_ticks))
    unknown = {} if environment.settings.allow_untested_versions else dict(versions.untested(running.databases))
    for database, version in running.databases._asdict().items():
        evidence = f"{NAMES[database]} {version}, Langfuse {langfuse}"
        if database == "clickhouse" and running.clickhouse_not_asked:
            evidence += f"; from the settings, the server could not be asked: {running.clickhouse_not_asked}"
        check = f"{NAMES[database]} fits Langfuse"
        if needed := unfit.get(database):
            remedy = f"Langfuse {langfuse} needs {needed}: see {database}.version in docs/settings.md"
            yield finding(check, False, evidence, remedy)
        else:
            must = unknown.get(database)
            yield finding(check, not must, evidence, f"the version {must}", otherwise=Verdict.WARNING)
