"""Names that an earlier deployment of the environment still occupies (docs/destroy.md)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from ops.environment import Environment
from ops.existing import existing_ids
from ops.findings import Finding, finding


def secrets(environment: Environment) -> Iterator[Finding]:
    """Secrets Manager keeps the name of a deleted secret until its recovery window ends."""
    beginning = f"{environment.settings.prefix}/"
    taken: dict[str, list[str]] = defaultdict(list)
    for secret in _secrets(environment):
        if secret["Name"] not in _owned(environment):
            taken[_state(secret)].append(secret["Name"])
    yield finding(
        "secrets' names",
        not taken,
        "; ".join(f"{state}: {', '.join(names)}" for state, names in taken.items()) or f"{beginning}… is free",
        "if Langfuse runs with them, the state is lost: `ops recover`. Otherwise docs/destroy.md: to restore the old"
        " database, first save the values of salt and encryption-key. Then "
        + _for_each(
            chain(*taken.values()),
            "secretsmanager delete-secret --force-delete-without-recovery --secret-id",
            environment,
        ),
    )


def _secrets(environment: Environment) -> list[Any]:
    """The environment's secrets, also those that are scheduled for deletion."""
    client = environment.session.client("secretsmanager")
    beginning = f"{environment.settings.prefix}/"
    pages = client.get_paginator("list_secrets").paginate(
        IncludePlannedDeletion=True, Filters=[{"Key": "name", "Values": [beginning]}]
    )
    return [secret for page in pages for secret in page["SecretList"] if secret["Name"].startswith(beginning)]


def _state(secret: Mapping[str, Any]) -> str:
    deleted: datetime | None = secret.get("DeletedDate")
    if deleted is None:
        return "existing"
    # AWS documents this date as that of the request to delete, and elsewhere as that of the deletion itself.
    end = "until" if deleted > datetime.now(UTC) else "for up to 30 days after"
    return f"scheduled for deletion, and kept {end} {deleted:%Y-%m-%d}"


def log_groups(environment: Environment) -> Iterator[Finding]:
    """A service that writes a late line may create the log group again that the destroy has deleted."""
    found = [group["logGroupName"] for group in _log_groups(environment)]
    taken = [name for name in found if name not in _owned(environment)]
    yield finding(
        "log groups' names",
        not taken,
        ", ".join(taken) or "they are free",
        _for_each(taken, "logs delete-log-group --log-group-name", environment),
    )


def _log_groups(environment: Environment) -> list[Any]:
    logs = environment.session.client("logs")
    return [
        group
        for beginning in log_group_prefixes(environment.settings.name, environment.settings.prefix)
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=beginning)
        for group in page["logGroups"]
    ]


def log_group_prefixes(name: str, prefix: str) -> list[str]:
    """What the names of the environment's log groups start with."""
    return [f"/langfuse/{name}/", f"/aws/rds/instance/{prefix}-postgres/", f"{prefix}-flow-logs"]


def deployed_secrets(environment: Environment) -> list[str]:
    """The names of secrets that a deploy of this environment has made, and no destroy has deleted."""
    return [
        secret["Name"]
        for secret in _secrets(environment)
        if "DeletedDate" not in secret
        and _is_own(environment, {tag["Key"]: tag["Value"] for tag in secret.get("Tags", ())})
    ]


def deployed_log_groups(environment: Environment) -> list[str]:
    """The names of log groups that a deploy of this environment has made, and not AWS for a late line."""
    logs = environment.session.client("logs")
    return [
        group["logGroupName"]
        for group in _log_groups(environment)
        if _is_own(environment, logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"])
    ]


def deployed_network(environment: Environment) -> list[str]:
    """The IDs of VPCs and Elastic IP addresses that a deploy of this environment has made: another makes them twice."""
    settings = environment.settings
    gateways = 0 if settings.network.isolated else settings.network.nat_gateways
    names = {
        "aws_vpc": [settings.prefix],
        "aws_eip": [f"{settings.prefix}-{gateway}" for gateway in range(gateways)],
    }
    return [
        id_
        for type_, of_type in names.items()
        for name in of_type
        for id_ in existing_ids(environment.session, settings, type_, {"tags_all": _own_tags(environment, Name=name)})
        or ()
    ]


REMAINS: tuple[Callable[[Environment], list[str]], ...] = (deployed_network, deployed_secrets, deployed_log_groups)
"""What shows that a deploy was made: each returns what makes another deploy fail for certain, or is made twice."""


def _own_tags(environment: Environment, **tags: str) -> dict[str, str]:
    """The tags that the provider gives all resources of the environment, and others."""
    return {"Project": "langfuse", "Environment": environment.settings.name, **environment.settings.tags, **tags}


def _is_own(environment: Environment, tags: Mapping[str, str]) -> bool:
    """Whether these are tags that the provider gives all resources of the environment."""
    own = _own_tags(environment)
    return all(tags.get(key) == own[key] for key in ("Project", "Environment"))


def backup_vault(environment: Environment) -> Iterator[Finding]:
    """The vault stays where a switch of ``clickhouse.mode`` left it with its recovery points."""
    settings = environment.settings
    if settings.clickhouse.mode != "ec2":
        return
    vault = f"{settings.prefix}-clickhouse-backups"
    client: Any = environment.session.client("backup")
    vaults = [found["BackupVaultName"] for found in client.list_backup_vaults()["BackupVaultList"]]
    taken = vault in vaults and vault not in _owned(environment)
    yield finding(
        "backup vault's name",
        not taken,
        f"{vault} {'is left over' if taken else 'is free'}",
        "delete its recovery points (`aws backup delete-recovery-point`), then"
        f" `aws backup delete-backup-vault --backup-vault-name {vault} --region {settings.region}`",
    )


def _owned(environment: Environment) -> set[str]:
    """The names in the environment's own state: those are no other deployment's."""
    return {str(resource.attributes.get("name")) for resource in environment.resources}


def _for_each(names: Iterable[str], command: str, environment: Environment) -> str:
    """A shell command for several names."""
    region = environment.settings.region
    return f"`for name in {' '.join(names)}; do aws {command} $name --region {region}; done`"
