"""``ops doctor``: checks for the known causes of a Langfuse that does not start, and says how to fix each."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import typer

from ops import clickhouse
from ops.console import AsJson, console, print_json, table
from ops.ecs_services import container_of, describe_task_definition, existing_services, primary_deployment
from ops.environment import AWS_ERRORS, SERVICES, Environment, OpsError, load_environment, reason
from ops.redis_nodes import redis_nodes
from settings.ports import POSTGRES
from settings.secret_variables import CLICKHOUSE_SECRETS, PLACEHOLDER


class Finding(NamedTuple):
    """``evidence`` never holds a secret's value; ``remedy`` is empty if the check passed."""

    check: str
    passed: bool
    evidence: str
    remedy: str = ""


def doctor(as_json: AsJson = False) -> None:
    """Check for the known causes of a Langfuse that does not start.

    Shows each check's verdict, its evidence and its remedy. Exit code 1 if a check fails, or could not be made.

    Example: ops doctor --json
    """
    environment = load_environment()
    # Fails if this stack is not deployed: there is nothing to check.
    environment.outputs("data")
    findings = [finding for subject, check in CHECKS.items() for finding in _findings(environment, subject, check)]
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        rows = (
            (finding.check, "ok" if finding.passed else "FAILED", finding.evidence, finding.remedy)
            for finding in findings
        )
        console.print(table("check", "verdict", "evidence", "remedy", rows=rows, title=environment.settings.prefix))
    if not all(finding.passed for finding in findings):
        raise typer.Exit(1)


def _findings(
    environment: Environment, subject: str, check: Callable[[Environment], Iterator[Finding]]
) -> list[Finding]:
    try:
        return list(check(environment))
    except (OpsError, *AWS_ERRORS) as error:
        return [Finding(subject, False, f"could not be checked: {reason(error)}", "fix that, then check again")]


def _services(environment: Environment) -> Iterator[Finding]:
    """Both services exist. Terraform creates the worker once web is steady, so a web that never is leaves none."""
    services = existing_services(environment, SERVICES)
    for name in SERVICES:
        exists = name in services
        evidence = f"{environment.service_name(name)} is {'there' if exists else 'absent'}"
        remedy = "" if exists else f"fix what else is found here, then {environment.deploy_command}"
        yield Finding(f"{name} is deployed", exists, evidence, remedy)


def _database(environment: Environment) -> Iterator[Finding]:
    """P1001: the database runs, and the security groups let web and worker connect to it."""
    rds = environment.session.client("rds")
    database_id = environment.database_id
    try:
        (instance,) = rds.describe_db_instances(DBInstanceIdentifier=database_id)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        yield Finding("database is available", False, f"{database_id} is absent", environment.deploy_command)
        return
    state = instance["DBInstanceStatus"]
    available = state == "available"
    remedy = "" if available else f"`aws rds start-db-instance --db-instance-identifier {database_id}` if it is stopped"
    yield Finding("database is available", available, f"{database_id} is {state}", remedy)
    database_groups = {group["VpcSecurityGroupId"] for group in instance["VpcSecurityGroups"]}
    for name, service in existing_services(environment, SERVICES).items():
        service_groups = set(service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])
        egress = _has_rule(environment, service_groups, database_groups, is_egress=True)
        ingress = _has_rule(environment, database_groups, service_groups, is_egress=False)
        evidence = (
            f"port {POSTGRES}: {'may' if egress else 'may not'} leave {name}, {'may' if ingress else 'may not'} enter"
        )
        remedy = "" if egress and ingress else f"a rule was removed: {environment.deploy_command} puts it back"
        yield Finding(f"{name} may reach the database", egress and ingress, evidence, remedy)


def _has_rule(environment: Environment, groups: set[str], peers: set[str], *, is_egress: bool) -> bool:
    """Whether one of ``groups`` has a rule for the database's port that is for one of ``peers`` or for addresses."""
    filters: Any = [{"Name": "group-id", "Values": sorted(groups)}]
    pages = environment.session.client("ec2").get_paginator("describe_security_group_rules").paginate(Filters=filters)
    return any(
        rule["IsEgress"] == is_egress
        and rule["GroupId"] in groups
        and (rule["IpProtocol"] == "-1" or rule["FromPort"] <= POSTGRES <= rule["ToPort"])
        and ("CidrIpv4" in rule or rule.get("ReferencedGroupInfo", {}).get("GroupId") in peers)
        for page in pages
        for rule in page["SecurityGroupRules"]
    )


def _secrets_readable(environment: Environment) -> Iterator[Finding]:
    """The execution role can read each secret that the task definition names."""
    iam = environment.session.client("iam")
    for name, service in existing_services(environment, SERVICES).items():
        definition = describe_task_definition(environment, service)
        role_arn = definition["executionRoleArn"]
        # In a task definition, a key of the secret may follow the ARN, after its seventh part.
        secret_arns = [
            ":".join(secret["valueFrom"].split(":")[:7]) for secret in container_of(definition, service)["secrets"]
        ]
        # One secret per request: IAM answers for several resources in two different forms.
        decisions = {
            arn: iam.simulate_principal_policy(
                PolicySourceArn=role_arn, ActionNames=["secretsmanager:GetSecretValue"], ResourceArns=[arn]
            )["EvaluationResults"][0]["EvalDecision"]
            for arn in secret_arns
        }
        refused = [arn.rpartition(":")[2] for arn, decision in decisions.items() if decision != "allowed"]
        evidence = f"{role_arn.rpartition('/')[2]}: {len(secret_arns) - len(refused)} of {len(secret_arns)}"
        evidence += f", not {', '.join(refused)}" if refused else ""
        remedy = f"the policy was changed: {environment.deploy_command} puts it back" if refused else ""
        yield Finding(f"{name} may read its secrets", not refused, evidence, remedy)


def _address(environment: Environment) -> Iterator[Finding]:
    """NEXTAUTH_URL is the address that browsers show."""
    for web in existing_services(environment, ["web"]).values():
        container = container_of(describe_task_definition(environment, web), web)
        variables = {variable["name"]: variable["value"] for variable in container["environment"]}
        current, desired = variables.get("NEXTAUTH_URL"), environment.outputs("services")["alb_url"]
        same = current == desired
        remedy = "" if same else f"{environment.deploy_command}; sign-in fails until then"
        yield Finding("NEXTAUTH_URL is the public address", same, f"{current}, and users come to {desired}", remedy)


def _clickhouse(environment: Environment) -> Iterator[Finding]:
    """The six secrets hold values that Langfuse can use."""
    mode = environment.settings.clickhouse.mode
    remedy = "`ops clickhouse set --apply`, then `ops redeploy --apply`"
    if mode == "ec2":
        remedy = "put back what Terraform stored (`aws secretsmanager get-secret-value --version-stage TERRAFORM`)"
    for name in CLICKHOUSE_SECRETS:
        secret = environment.secret_name(name)
        value = _value(environment, secret)
        if value in (None, PLACEHOLDER):
            yield Finding(name, False, f"{secret} holds {'nothing' if value is None else 'the placeholder'}", remedy)
        elif error := clickhouse.value_error(name, value or "", mode):
            yield Finding(name, False, f"{secret} {error}", remedy)
        else:
            yield Finding(name, True, f"{secret} is well-formed")


def _encryption_key(environment: Environment) -> Iterator[Finding]:
    secret = environment.secret_name("ENCRYPTION_KEY")
    passed = re.fullmatch("[0-9a-fA-F]{64}", _value(environment, secret) or "") is not None
    remedy = "put the first version back (`aws secretsmanager list-secret-version-ids`): a new one loses data"
    yield Finding(
        "ENCRYPTION_KEY is 64 hex digits",
        passed,
        f"{secret} {'is' if passed else 'is not'}",
        "" if passed else remedy,
    )


def _value(environment: Environment, secret: str) -> str | None:
    client = environment.session.client("secretsmanager")
    try:
        return client.get_secret_value(SecretId=secret).get("SecretString")
    except (client.exceptions.ResourceNotFoundException, client.exceptions.InvalidRequestException):
        # The secret is absent, or scheduled for deletion.
        return None


def _redis(environment: Environment) -> Iterator[Finding]:
    """Redis never evicts a key: a lost job makes the worker hang."""
    cache = environment.session.client("elasticache")
    names = sorted({node["CacheParameterGroup"]["CacheParameterGroupName"] for node in redis_nodes(environment)})
    policies = {
        parameter.get("ParameterValue")
        for name in names
        for page in cache.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=name)
        for parameter in page["Parameters"]
        if parameter["ParameterName"] == "maxmemory-policy"
    }
    passed = policies == {"noeviction"}
    shown = ", ".join(sorted(map(str, policies))) or "unknown"
    remedy = "" if passed else f"{environment.deploy_command} puts noeviction back"
    evidence = f"{', '.join(names) or environment.redis_id}: maxmemory-policy is {shown}"
    yield Finding("Redis never evicts a key", passed, evidence, remedy)


LOGGED = {
    "no dirty migration": (
        '"Dirty database version"',
        "scale web to 1, then fix schema_migrations in ClickHouse: https://langfuse.com/self-hosting/troubleshooting",
    ),
    "no database out of reach": ("P1001", "see the database's lines above"),
}


def _logs(environment: Environment) -> Iterator[Finding]:
    """Errors that only web's log shows, since its newest deployment began."""
    logs = environment.session.client("logs")
    group = environment.outputs("services")["web_log_group_name"]
    web = existing_services(environment, ["web"]).get("web")
    since = primary_deployment(web)["createdAt"].astimezone(UTC) if web else datetime.now(UTC) - timedelta(hours=1)
    for check, (pattern, remedy) in LOGGED.items():
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since.timestamp() * 1000), filterPattern=pattern
        )
        times_ms = [event["timestamp"] for page in pages for event in page["events"]]
        evidence = f"{group}: {len(times_ms)} line(s) since {since:%Y-%m-%d %H:%M:%SZ}"
        if times_ms:
            evidence += f", the last at {datetime.fromtimestamp(max(times_ms) / 1000, UTC):%H:%M:%SZ}"
        yield Finding(check, not times_ms, evidence, remedy if times_ms else "")


CHECKS: dict[str, Callable[[Environment], Iterator[Finding]]] = {
    "services": _services,
    "database": _database,
    "secrets of the tasks": _secrets_readable,
    "NEXTAUTH_URL": _address,
    "ClickHouse's secrets": _clickhouse,
    "ENCRYPTION_KEY": _encryption_key,
    "Redis": _redis,
    "web's log": _logs,
}
