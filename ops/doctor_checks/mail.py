"""Whether mail can leave, where an environment has set it up."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ops.doctor_checks.security_group_rules import allows
from ops.ecs_services import container_of, describe_task_definition, existing_services
from ops.environment import SERVICES, Environment
from ops.findings import Finding, finding
from ops.secret_value import secret_value

SERVER, SENDER = "SMTP_CONNECTION_URL", "EMAIL_FROM_ADDRESS"
PORTS = {"smtp": 587, "smtps": 465, "ses": 443}
"""The port of each scheme of ``SMTP_CONNECTION_URL``, unless it names one. ``ses`` is Amazon's API, not SMTP."""


def mail_can_leave(environment: Environment) -> Iterator[Finding]:
    """Security groups and the task role let Langfuse's mail out. Nothing is checked if no mail is set up."""
    for name, service in existing_services(environment, SERVICES).items():
        definition = describe_task_definition(environment, service)
        container = container_of(definition, service)
        server, sender = _value(environment, container, SERVER), _value(environment, container, SENDER)
        check = f"{name} may send mail"
        if server is None and sender is None:
            continue
        if not server or not sender:
            absent = SENDER if server else SERVER
            evidence = f"{absent} is not set, or its secret holds nothing: Langfuse sends no mail without it"
            yield finding(check, False, evidence, f"set {absent} in langfuse.environment or langfuse.secrets")
            continue
        url = _parsed(server)
        if url is None:
            schemes = ", ".join(f"{scheme}://" for scheme in PORTS)
            yield finding(check, False, f"{SERVER} is not a URL of {schemes}", f"correct {SERVER}")
            continue
        groups = set(service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])
        yield _may_connect(environment, check, groups, url)
        if url.scheme == "ses":
            yield _may_use_ses(environment, f"{name} may use SES", definition["taskRoleArn"], url, sender)


def _value(environment: Environment, container: Any, variable: str) -> str | None:  # noqa: ANN401
    """The variable's value in the container; empty if it is a secret that holds none, None if it is not set."""
    for entry in container["environment"]:
        if entry["name"] == variable:
            return str(entry["value"])
    for entry in container["secrets"]:
        if entry["name"] == variable:
            # A key of the secret may follow the ARN, after its seventh part.
            parts = entry["valueFrom"].split(":")
            value = secret_value(environment, ":".join(parts[:7])) or ""
            key = "".join(parts[7:8])
            return _of_key(value, key) if key else value
    return None


def _of_key(value: str, key: str) -> str:
    try:
        return str(json.loads(value)[key])
    except (ValueError, KeyError, TypeError):
        return ""


def _parsed(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.scheme in PORTS and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _may_connect(environment: Environment, check: str, groups: set[str], url: SplitResult) -> Finding:
    port = url.port or PORTS[url.scheme]
    passed = allows(environment, groups, port, peers=set(), is_egress=True)
    evidence = f"{url.scheme}: port {port} {'may' if passed else 'may not'} leave {', '.join(sorted(groups))}"
    remedy = (
        "no setting opens it yet. By hand, which deploys leave alone: `aws ec2 authorize-security-group-egress"
        f" --group-id {min(groups)} --protocol tcp --port {port} --cidr 0.0.0.0/0`"
    )
    return finding(check, passed, evidence, remedy)


def _may_use_ses(environment: Environment, check: str, role_arn: str, url: SplitResult, sender: str) -> Finding:
    """Whether the role may send from the sender's domain, or from the sender's address."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    address = sender.rpartition("<")[2].rstrip("> ")
    domain = address.rpartition("@")[2]
    iam = environment.session.client("iam")
    passed = any(
        iam.simulate_principal_policy(
            PolicySourceArn=role_arn,
            ActionNames=["ses:SendEmail"],
            ResourceArns=[f"arn:{partition}:ses:{url.hostname}:{account}:identity/{identity}"],
        )["EvaluationResults"][0]["EvalDecision"]
        == "allowed"
        for identity in (domain, address)
    )
    role = role_arn.rpartition("/")[2]
    statement = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    remedy = (
        "no setting allows it yet. By hand, and to be deleted before `make destroy`: `aws iam put-role-policy"
        f" --role-name {role} --policy-name mail --policy-document '{policy}'`"
    )
    evidence = f"{role} {'may' if passed else 'may not'} ses:SendEmail from {domain}"
    return finding(check, passed, evidence, remedy)
