"""``ops doctor``: the known causes of a Langfuse that does not start, each looked for and with its remedy.

The original design ended in a list of "common startup issues" to think of; this asks AWS instead.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from ops import clickhouse, permissions
from ops.console import AsJson, console, print_json, table
from ops.steady_state import existing, primary
from ops.target import AWS_ERRORS, SERVICES, OpsError, Target, reason, target
from settings.secret_variables import PLACEHOLDER

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskDefinitionTypeDef

POSTGRES_PORT = 5432


class Finding(NamedTuple):
    """``evidence`` never holds a secret's value; ``remedy`` is empty if the check passed."""

    check: str
    passed: bool
    evidence: str
    remedy: str = ""


def doctor(as_json: AsJson = False) -> None:
    """Look for the known causes of a Langfuse that does not start.

    Each check has its verdict, the evidence and the remedy. Exit code 1 if one is found, or could not be looked for.
    """
    here = target()
    # Without this stack there is nothing to examine.
    here.outputs("data")
    findings = [finding for what, look in CHECKS.items() for finding in _looked(here, what, look)]
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        rows = ((one.check, "ok" if one.passed else "FAILED", one.evidence, one.remedy) for one in findings)
        console.print(table("check", "verdict", "evidence", "remedy", rows=rows, title=here.settings.prefix))
    if not all(finding.passed for finding in findings):
        raise typer.Exit(1)


def _looked(here: Target, what: str, look: Callable[[Target], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look(here))
    except (OpsError, *AWS_ERRORS) as error:
        return [Finding(what, False, f"could not be looked at: {reason(error)}", "mend that, then look again")]


def _deploy(here: Target) -> str:
    return f"`make deploy ENV={here.settings.name}`"


def _services(here: Target) -> Iterator[Finding]:
    """Terraform makes the worker when web is steady, so a web that never gets there leaves none."""
    found = existing(here, SERVICES)
    for service in SERVICES:
        there = service in found
        evidence = f"{here.service_name(service)} is {'there' if there else 'absent'}"
        remedy = "" if there else f"mend what else is found here, then {_deploy(here)}"
        yield Finding(f"{service} is deployed", there, evidence, remedy)


def _database(here: Target) -> Iterator[Finding]:
    """P1001: the database runs, and the security groups let web and worker reach it."""
    rds = here.session.client("rds")
    try:
        (database,) = rds.describe_db_instances(DBInstanceIdentifier=here.database_id)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        yield Finding("database is available", False, f"{here.database_id} is absent", _deploy(here))
        return
    state = database["DBInstanceStatus"]
    good = state == "available"
    remedy = "" if good else f"`aws rds start-db-instance --db-instance-identifier {here.database_id}` if it is stopped"
    yield Finding("database is available", good, f"{here.database_id} is {state}", remedy)
    behind = {group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]}
    for service, one in existing(here, SERVICES).items():
        groups = set(one["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])
        out = _has_rule(here, groups, behind, outwards=True)
        into = _has_rule(here, behind, groups, outwards=False)
        evidence = (
            f"port {POSTGRES_PORT}: {'may' if out else 'may not'} leave {service}, {'may' if into else 'may not'} enter"
        )
        remedy = "" if out and into else f"a rule was removed: {_deploy(here)} puts it back"
        yield Finding(f"{service} may reach the database", out and into, evidence, remedy)


def _has_rule(here: Target, groups: set[str], peers: set[str], *, outwards: bool) -> bool:
    """Whether one of ``groups`` has a rule for the database's port and one of ``peers``, or for addresses."""
    filters: Any = [{"Name": "group-id", "Values": sorted(groups)}]
    pages = here.session.client("ec2").get_paginator("describe_security_group_rules").paginate(Filters=filters)
    return any(
        rule["IsEgress"] == outwards
        and rule["GroupId"] in groups
        and (rule["IpProtocol"] == "-1" or rule["FromPort"] <= POSTGRES_PORT <= rule["ToPort"])
        and ("CidrIpv4" in rule or rule.get("ReferencedGroupInfo", {}).get("GroupId") in peers)
        for page in pages
        for rule in page["SecurityGroupRules"]
    )


def _secrets_readable(here: Target) -> Iterator[Finding]:
    """The execution role may read each secret that the task definition names."""
    for service, one in existing(here, SERVICES).items():
        definition = _definition(here, one)
        role = definition["executionRoleArn"].rpartition("/")[2]
        found = [statement for policy in _policies(here, role) for statement in permissions.statements(policy)]
        allowed = [grant for statement in found for grant in permissions.grants(statement)]
        denied = [grant for statement in found for grant in permissions.grants(statement, "Deny")]
        # After the seventh colon a task definition may name a key of the secret.
        needed = [
            ":".join(secret["valueFrom"].split(":")[:7])
            for secret in _container(definition, one["serviceName"])["secrets"]
        ]
        refused = []
        for arn in needed:
            wanted = permissions.Grant("", "secretsmanager:GetSecretValue", arn, "")
            if not any(one.covers(wanted) for one in allowed) or any(one.covers(wanted) for one in denied):
                refused.append(arn.rpartition(":")[2])
        evidence = f"{role}: {len(needed) - len(refused)} of {len(needed)}"
        evidence += f", not {', '.join(refused)}" if refused else ""
        remedy = f"the policy was changed: {_deploy(here)} puts it back" if refused else ""
        yield Finding(f"{service} may read its secrets", not refused, evidence, remedy)


def _policies(here: Target, role: str) -> Iterator[str]:
    iam = here.session.client("iam")
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            yield _text(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    for attached in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for policy in attached["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            yield _text(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _text(document: object) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _definition(here: Target, service: "ServiceTypeDef") -> "TaskDefinitionTypeDef":
    ecs = here.session.client("ecs")
    return ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]


def _container(definition: "TaskDefinitionTypeDef", name: str) -> Any:  # noqa: ANN401
    return next(one for one in definition["containerDefinitions"] if one["name"] == name)


def _address(here: Target) -> Iterator[Finding]:
    """NEXTAUTH_URL is the address that browsers show."""
    for web in existing(here, ["web"]).values():
        variables = {
            one["name"]: one["value"] for one in _container(_definition(here, web), web["serviceName"])["environment"]
        }
        have, want = variables.get("NEXTAUTH_URL"), here.outputs("services")["alb_url"]
        remedy = "" if have == want else f"{_deploy(here)}; sign-in fails until then"
        yield Finding("NEXTAUTH_URL is the public address", have == want, f"{have}, and users come to {want}", remedy)


def _clickhouse(here: Target) -> Iterator[Finding]:
    """The six secrets hold what Langfuse can use."""
    mode = here.settings.clickhouse.mode
    remedy = "`ops clickhouse set --apply`, then `ops redeploy --apply`"
    if mode == "ec2":
        remedy = "put back what Terraform stored (`aws secretsmanager get-secret-value --version-stage TERRAFORM`)"
    for name in clickhouse.NAMES:
        secret = here.outputs("data")[f"{name.lower()}_secret_name"]
        value = _value(here, secret)
        if value in (None, PLACEHOLDER):
            yield Finding(name, False, f"{secret} holds {'nothing' if value is None else 'the placeholder'}", remedy)
        elif found := clickhouse.wrong(name, value or "", mode):
            yield Finding(name, False, f"{secret} {found}", remedy)
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


def _value(here: Target, secret: str) -> str | None:
    client = here.session.client("secretsmanager")
    try:
        return client.get_secret_value(SecretId=secret).get("SecretString")
    except (client.exceptions.ResourceNotFoundException, client.exceptions.InvalidRequestException):
        # Absent, or about to be deleted.
        return None


def _redis(here: Target) -> Iterator[Finding]:
    """Redis never evicts: a lost job hangs the worker."""
    cache = here.session.client("elasticache")
    clusters = [
        one
        for page in cache.get_paginator("describe_cache_clusters").paginate()
        for one in page["CacheClusters"]
        if one.get("ReplicationGroupId") == here.cache_id
    ]
    names = sorted({one["CacheParameterGroup"]["CacheParameterGroupName"] for one in clusters})
    policies = {
        parameter.get("ParameterValue")
        for name in names
        for page in cache.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=name)
        for parameter in page["Parameters"]
        if parameter["ParameterName"] == "maxmemory-policy"
    }
    good = policies == {"noeviction"}
    shown = ", ".join(sorted(map(str, policies))) or "unknown"
    remedy = "" if good else f"{_deploy(here)} puts noeviction back"
    evidence = f"{', '.join(names) or here.cache_id}: maxmemory-policy is {shown}"
    yield Finding("Redis never evicts a key", good, evidence, remedy)


LOGGED = {
    "no dirty migration": (
        '"Dirty database version"',
        "scale web to 1, then repair schema_migrations in ClickHouse: https://langfuse.com/self-hosting/troubleshooting",
    ),
    "no database out of reach": ("P1001", "see the database's lines above"),
}


def _logs(here: Target) -> Iterator[Finding]:
    """What only web itself can tell, since its newest deployment began."""
    logs = here.session.client("logs")
    group = here.outputs("services")["web_log_group_name"]
    web = existing(here, ["web"]).get("web")
    since = primary(web)["createdAt"].astimezone(UTC) if web else datetime.now(UTC) - timedelta(hours=1)
    for check, (pattern, remedy) in LOGGED.items():
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since.timestamp() * 1000), filterPattern=pattern
        )
        moments = [event["timestamp"] for page in pages for event in page["events"]]
        evidence = f"{group}: {len(moments)} line(s) since {since:%Y-%m-%d %H:%M:%SZ}"
        if moments:
            evidence += f", the last at {datetime.fromtimestamp(max(moments) / 1000, UTC):%H:%M:%SZ}"
        yield Finding(check, not moments, evidence, remedy if moments else "")


CHECKS: dict[str, Callable[[Target], Iterator[Finding]]] = {
    "services": _services,
    "database": _database,
    "secrets of the tasks": _secrets_readable,
    "NEXTAUTH_URL": _address,
    "ClickHouse's secrets": _clickhouse,
    "ENCRYPTION_KEY": _encryption_key,
    "Redis": _redis,
    "web's log": _logs,
}
