"""``ops doctor``: the known causes of a Langfuse that does not start, each looked for and with its remedy.

The original design ended in a list of "common startup issues" to think of; this asks AWS instead.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import typer

from ops.clickhouse import CHECKS as CLICKHOUSE
from ops.console import AsJson, console, print_json, table
from ops.steady_state import describe
from ops.target import CLIENT_CONFIG, SERVICES, Target, target

LOG_HOURS = 1


class Finding(NamedTuple):
    """``evidence`` never holds a secret's value; ``remedy`` is empty if the check passed."""

    check: str
    passed: bool
    evidence: str
    remedy: str = ""


def doctor(as_json: AsJson = False) -> None:
    """Look for the known causes of a Langfuse that does not start. Exit code 1 if one is found."""
    here = target()
    findings = [finding for look in CHECKS for finding in look(here)]
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        rows = ((one.check, "ok" if one.passed else "FAILED", one.evidence, one.remedy) for one in findings)
        console.print(table("check", "verdict", "evidence", "remedy", rows=rows, title=here.settings.prefix))
    if not all(finding.passed for finding in findings):
        raise typer.Exit(1)


def _database(here: Target) -> Iterator[Finding]:
    """P1001: the database runs, and its security group lets web and worker in."""
    rds = here.session.client("rds", config=CLIENT_CONFIG)
    ec2 = here.session.client("ec2", config=CLIENT_CONFIG)
    host = here.outputs("data")["database_endpoint"].rpartition(":")[0]
    found = [
        one for one in rds.describe_db_instances()["DBInstances"] if one.get("Endpoint", {}).get("Address") == host
    ]
    state = found[0]["DBInstanceStatus"] if found else "absent"
    yield Finding(
        "database is available",
        state == "available",
        f"{host} is {state}",
        "" if state == "available" else f"start it in RDS, or run `make deploy ENV={here.settings.name}`",
    )
    if not found:
        return
    port = found[0]["Endpoint"]["Port"]
    let_in = set()
    for group in found[0]["VpcSecurityGroups"]:
        filters: Any = [{"Name": "group-id", "Values": [group["VpcSecurityGroupId"]]}]
        for rule in ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]:
            if (
                not rule["IsEgress"]
                and rule["FromPort"] <= port <= rule["ToPort"]
                and rule["GroupId"] == group["VpcSecurityGroupId"]
            ):
                let_in.add(rule.get("ReferencedGroupInfo", {}).get("GroupId"))
    for service, one in describe(here, SERVICES).items():
        groups = set(one["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])
        allowed = bool(groups & let_in)
        yield Finding(
            f"{service} may reach the database",
            allowed,
            f"port {port} from {', '.join(sorted(groups))}: {'allowed' if allowed else 'no rule'}",
            "" if allowed else f"the rule was removed: `make deploy ENV={here.settings.name}` puts it back",
        )


def _secrets_readable(here: Target) -> Iterator[Finding]:
    """The execution role may read each secret that the task definition names."""
    ecs = here.session.client("ecs", config=CLIENT_CONFIG)
    iam = here.session.client("iam", config=CLIENT_CONFIG)
    for service, one in describe(here, SERVICES).items():
        definition: Any = ecs.describe_task_definition(taskDefinition=one["taskDefinition"])["taskDefinition"]
        role = definition["executionRoleArn"].rpartition("/")[2]
        needed = [secret["valueFrom"] for secret in definition["containerDefinitions"][0]["secrets"]]
        allowed: list[str] = []
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
            for name in page["PolicyNames"]:
                document: Any = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                document = json.loads(document) if isinstance(document, str) else document
                for statement in document["Statement"]:
                    if statement["Effect"] == "Allow" and "secretsmanager:GetSecretValue" in _list(statement["Action"]):
                        allowed += _list(statement["Resource"])
        refused = [arn for arn in needed if not any(re.fullmatch(_pattern(one), arn) for one in allowed)]
        names = ", ".join(arn.rpartition(":")[2] for arn in refused)
        yield Finding(
            f"{service} may read its secrets",
            not refused,
            f"{role}: {len(needed) - len(refused)} of {len(needed)}" + (f", not {names}" if refused else ""),
            f"the policy was changed: `make deploy ENV={here.settings.name}` puts it back" if refused else "",
        )


def _address(here: Target) -> Iterator[Finding]:
    """NEXTAUTH_URL is the address that browsers show."""
    ecs = here.session.client("ecs", config=CLIENT_CONFIG)
    (web,) = describe(here, ["web"]).values()
    definition = ecs.describe_task_definition(taskDefinition=web["taskDefinition"])["taskDefinition"]
    variables = {one["name"]: one["value"] for one in definition["containerDefinitions"][0]["environment"]}
    have, want = variables.get("NEXTAUTH_URL"), here.outputs("services")["alb_url"]
    yield Finding(
        "NEXTAUTH_URL is the public address",
        have == want,
        f"{have}, alb_url is {want}",
        "" if have == want else f"`make deploy ENV={here.settings.name}`; sign-in fails until then",
    )


def _clickhouse(here: Target) -> Iterator[Finding]:
    """The six secrets hold what Langfuse can use."""
    remedy = "`ops clickhouse set --apply`, then `ops redeploy --apply`"
    if here.settings.clickhouse.mode == "ec2":
        remedy = f"`make deploy ENV={here.settings.name}` with clickhouse.mode = ec2 fills them"
    for name, wrong in CLICKHOUSE.items():
        secret = here.outputs("data")[f"{name.lower()}_secret_name"]
        value = _value(here, secret)
        if value in (None, "PLACEHOLDER"):
            yield Finding(name, False, f"{secret} holds {'nothing' if value is None else 'the placeholder'}", remedy)
        elif reason := wrong(value):
            yield Finding(name, False, f"{secret} {reason}", remedy)
        else:
            yield Finding(name, True, f"{secret} is well-formed")


def _encryption_key(here: Target) -> Iterator[Finding]:
    secret = here.outputs("data")["encryption_key_secret_name"]
    good = re.fullmatch("[0-9a-fA-F]{64}", _value(here, secret) or "") is not None
    yield Finding(
        "ENCRYPTION_KEY is 64 hex digits",
        good,
        f"{secret} {'is' if good else 'is not'}",
        ""
        if good
        else "put the first version back (`aws secretsmanager list-secret-version-ids`): a new one loses data",
    )


def _redis(here: Target) -> Iterator[Finding]:
    """Redis never evicts: a lost job hangs the worker."""
    cache = here.session.client("elasticache", config=CLIENT_CONFIG)
    group = f"{here.settings.prefix}-redis"
    policies = set()
    clusters = cache.describe_cache_clusters(ShowCacheNodeInfo=False)["CacheClusters"]
    names = {
        one["CacheParameterGroup"]["CacheParameterGroupName"]
        for one in clusters
        if one.get("ReplicationGroupId") == group and "CacheParameterGroup" in one
    }
    for name in names:
        for page in cache.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=name):
            policies |= {
                one.get("ParameterValue") for one in page["Parameters"] if one["ParameterName"] == "maxmemory-policy"
            }
    good = policies == {"noeviction"}
    shown = ", ".join(sorted(map(str, policies))) or "unknown"
    yield Finding(
        "Redis never evicts a key",
        good,
        f"{', '.join(sorted(names)) or group}: maxmemory-policy is {shown}",
        "" if good else f"`make deploy ENV={here.settings.name}` puts noeviction back",
    )


LOGGED = {
    "no dirty migration": (
        '"Dirty database version"',
        "scale web to 1, then repair schema_migrations in ClickHouse: https://langfuse.com/self-hosting/troubleshooting",
    ),
    "no database out of reach": ("P1001", "see the database's lines above"),
}


def _logs(here: Target) -> Iterator[Finding]:
    """What only web itself can tell."""
    logs = here.session.client("logs", config=CLIENT_CONFIG)
    group = here.outputs("services")["web_log_group_name"]
    start = int((datetime.now(UTC) - timedelta(hours=LOG_HOURS)).timestamp() * 1000)
    for check, (pattern, remedy) in LOGGED.items():
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=start, filterPattern=pattern
        )
        found = [event for page in pages for event in page["events"]]
        evidence = f"{group}: {len(found)} line(s) in the last {LOG_HOURS} h"
        yield Finding(check, not found, evidence, remedy if found else "")


CHECKS: tuple[Callable[[Target], Iterator[Finding]], ...] = (
    _database,
    _secrets_readable,
    _address,
    _clickhouse,
    _encryption_key,
    _redis,
    _logs,
)


def _value(here: Target, secret: str) -> str | None:
    client = here.session.client("secretsmanager", config=CLIENT_CONFIG)
    try:
        return client.get_secret_value(SecretId=secret)["SecretString"]
    except client.exceptions.ResourceNotFoundException:
        return None


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _pattern(resource: str) -> str:
    """An ARN with ``*`` and ``?`` as a regular expression."""
    return re.escape(resource).replace(r"\*", ".*").replace(r"\?", ".")
