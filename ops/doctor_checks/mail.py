"""Whether mail can leave, where an environment has set it up."""

import json
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from ops.doctor_checks.security_group_rules import allows, egress_remedy
from ops.ecs_services import container_of, describe_task_definition, existing_services
from ops.environment import SERVICES, Environment
from ops.findings import Finding, finding
from ops.role import may
from ops.secret_value import variable_value
from settings.egress import DEFAULT_PORTS

SERVER, SENDER = "SMTP_CONNECTION_URL", "EMAIL_FROM_ADDRESS"
SCHEMES = ("smtp", "smtps", "ses")
"""Of ``SMTP_CONNECTION_URL``. ``ses`` is Amazon's API, not SMTP."""


def mail_can_leave(environment: Environment) -> Iterator[Finding]:
    """Security groups and the task role let Langfuse's mail out. Nothing is checked if no mail is set up."""
    for name, service in existing_services(environment, SERVICES).items():
        definition = describe_task_definition(environment, service)
        container = container_of(definition, service)
        server, sender = (variable_value(environment, container, variable) for variable in (SERVER, SENDER))
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
            schemes = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            yield finding(check, False, f"{SERVER} is not a URL of {schemes}", f"correct {SERVER}")
            continue
        groups = set(service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])
        yield _may_connect(environment, check, groups, url)
        if url.scheme == "ses":
            yield _may_use_ses(environment, f"{name} may use SES", definition["taskRoleArn"], url, sender)


def _parsed(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.scheme in SCHEMES and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _may_connect(environment: Environment, check: str, groups: set[str], url: SplitResult) -> Finding:
    port = url.port or DEFAULT_PORTS[url.scheme]
    passed = allows(environment, groups, port, peers=set(), is_egress=True)
    evidence = f"{url.scheme}: port {port} {'may' if passed else 'may not'} leave {', '.join(sorted(groups))}"
    remedy = egress_remedy(environment, {port})
    return finding(check, passed, evidence, remedy)


def _may_use_ses(environment: Environment, check: str, role_arn: str, url: SplitResult, sender: str) -> Finding:
    """Whether the role may send from the sender's domain, or from the sender's address."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    address = sender.rpartition("<")[2].rstrip("> ")
    domain = address.rpartition("@")[2]
    passed = any(
        may(
            environment,
            role_arn,
            "ses:SendEmail",
            f"arn:{partition}:ses:{url.hostname}:{account}:identity/{identity}",
        )
        for identity in (domain, address)
    )
    role = role_arn.rpartition("/")[2]
    statement = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    remedy = (
        f"`aws iam create-policy --policy-name langfuse-mail --policy-document '{policy}'`, its ARN into"
        f" langfuse.policy_arns, and {environment.deploy_command}"
    )
    evidence = f"{role} {'may' if passed else 'may not'} ses:SendEmail from {domain}"
    return finding(check, passed, evidence, remedy)
