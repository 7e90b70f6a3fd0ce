"""Whether mail can leave, where an environment has set it up."""

import json
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from ops.doctor_checks.security_group_rules import allows, egress_remedy
from ops.ecs_services import container_of, describe_task_definition, existing_services
from ops.environment import Environment
from ops.findings import Finding, finding
from ops.preflight_checks.mail import sandbox
from ops.role import may
from ops.secret_value import variable_value
from ops.ses_identity import identity_of
from settings.egress import DEFAULT_PORTS

SERVER, SENDER = "SMTP_CONNECTION_URL", "EMAIL_FROM_ADDRESS"
SCHEMES = ("smtp", "smtps", "ses")
"""Of ``SMTP_CONNECTION_URL``. ``ses`` is Amazon's API, not SMTP."""
SENDING = ("ses:SendEmail", "ses:SendRawEmail")
"""What the task role needs for it: see modules/services/roles.py."""


def mail_can_leave(environment: Environment) -> Iterator[Finding]:
    """Security groups, the task role and SES let Langfuse's mail out. Nothing is checked if no mail is set up."""
    senders: set[tuple[str, str]] = set()
    for name, service in existing_services(environment, environment.services).items():
        definition = describe_task_definition(environment, service)
        container = container_of(definition, service)
        server, sender = (variable_value(environment, container, variable) for variable in (SERVER, SENDER))
        check = f"{name} may send mail"
        if server is None and sender is None:
            continue
        if not server or not sender:
            absent = SENDER if server else SERVER
            evidence = f"{absent} is not set, or its secret holds nothing: Langfuse sends no mail without it"
            yield finding(check, False, evidence, f"see docs/mail.md: set the section mail, or {absent}")
            continue
        url = _parsed(server)
        if url is None:
            schemes = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            yield finding(check, False, f"{SERVER} is not a URL of {schemes}", f"correct {SERVER}")
            continue
        groups = set(service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])
        yield _may_connect(environment, check, groups, url)
        if url.scheme == "ses":
            region, address = str(url.hostname), sender.rpartition("<")[2].rstrip("> ")
            yield _may_use_ses(environment, f"{name} may use SES", definition["taskRoleArn"], region, address)
            senders.add((region, address))
    for region, address in sorted(senders):
        yield _is_verified(environment, region, address)
        yield sandbox(environment, region)


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


def _may_use_ses(environment: Environment, check: str, role_arn: str, region: str, address: str) -> Finding:
    """Whether the role may send from the address, with the identity of it or of its domain."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    domain = address.rpartition("@")[2]
    arns = [f"arn:{partition}:ses:{region}:{account}:identity/{identity}" for identity in (domain, address)]
    passed = any(
        all(may(environment, role_arn, action, arn, {"ses:FromAddress": address}) for action in SENDING) for arn in arns
    )
    role = role_arn.rpartition("/")[2]
    statement = {"Effect": "Allow", "Action": SENDING, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    remedy = (
        f"the policy was changed: {environment.deploy_command} puts it back"
        if environment.settings.mail.uses_ses
        else f"set mail.from_address instead of {SENDER} and {SERVER}; or, for another Region,"
        f" `aws iam create-policy --policy-name langfuse-mail --policy-document '{policy}'`, its ARN into"
        f" langfuse.policy_arns, and {environment.deploy_command}"
    )
    evidence = f"{role} {'may' if passed else 'may not'} {' and '.join(SENDING)} from {domain}"
    return finding(check, passed, evidence, remedy)


def _is_verified(environment: Environment, region: str, address: str) -> Finding:
    identity = identity_of(environment, region, address)
    passed = identity is not None and identity.is_verified
    name = identity.name if identity else address.rpartition("@")[2]
    state = ("verified" if passed else "not verified yet") if identity else "no identity"
    remedy = (
        f"`aws sesv2 get-email-identity --email-identity {name} --region {region}` shows the records that SES looks for"
        " in DNS; docs/mail.md"
    )
    return finding("SES identity is verified", passed, f"{name} is {state} in {region}", remedy)
