"""Tests of the section mail: what is made, what the task role may do, and what is checked before the deploy."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import boto3
import pytest

from ops.findings import Finding, Verdict
from ops.preflight_checks.domain import mail_zone
from ops.preflight_checks.mail import mail_identity
from settings import SettingsError, ses
from settings.partition import REGIONS_BY_PARTITION
from tests.environments import ENVIRONMENTS, RUNNING, load
from tests.synthesis import SynthesizedStack, app
from tests.unit.small_deployment import SmallDeployment

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:smtp-AbCdEf"
FROM = {"LANGFUSE_AWS__MAIL__FROM_ADDRESS": "langfuse@example.com"}
ZONE = {"LANGFUSE_AWS__MAIL__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ"}
SMTP = {"LANGFUSE_AWS__MAIL__SMTP_SECRET_ARN": ARN}
VARIABLE = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__"


def refusal(*overrides: Mapping[str, str]) -> str:
    """Returns the line that refuses the settings; empty if they are accepted."""
    try:
        load("dev", {name: value for each in overrides for name, value in each.items()})
    except SettingsError as error:
        return str(error)
    return ""


def services(*overrides: Mapping[str, str]) -> SynthesizedStack:
    return app("dev", {**RUNNING, **{name: value for each in overrides for name, value in each.items()}})["services"]


def containers(stack: SynthesizedStack) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yields the variables and the secrets of each task."""
    for definition in stack.resources("aws_ecs_task_definition").values():
        (container,) = json.loads(definition["container_definitions"])
        yield (
            {entry["name"]: entry["value"] for entry in container["environment"]},
            {entry["name"]: entry["valueFrom"] for entry in container["secrets"]},
        )


def statements(stack: SynthesizedStack) -> list[dict[str, Any]]:
    """Returns what the roles of the stack may do with SES."""
    policies = stack.resources("aws_iam_role_policy").values()
    found = [one for policy in policies for one in json.loads(policy["policy"])["Statement"]]
    return [one for one in found if any(action.startswith("ses:") for action in one["Action"])]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_without_mail_there_is_nothing(environment: str) -> None:
    stack = app(environment, RUNNING)["services"]
    assert "aws_caller_identity" not in stack.json.get("data", {})
    assert statements(stack) == []
    for variables, secrets in containers(stack):
        assert {"SMTP_CONNECTION_URL", "EMAIL_FROM_ADDRESS"}.isdisjoint({*variables, *secrets})


def test_ses_gets_mails_of_this_address_only() -> None:
    stack = services({"LANGFUSE_AWS__MAIL__FROM_ADDRESS": "Langfuse@Example.COM"})
    (statement,) = statements(stack)
    # AWS asks for the second one where the message is in MIME form, as nodemailer's are.
    assert statement["Action"] == ["ses:SendEmail", "ses:SendRawEmail"]
    assert [arn.partition(":identity/")[2] for arn in statement["Resource"]] == ["example.com", "Langfuse@example.com"]
    assert {arn.partition(":${")[0] for arn in statement["Resource"]} == {"arn:aws:ses:us-east-1"}
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": "Langfuse@example.com"}}
    assert stack.resources("aws_sesv2_email_identity") == {}
    for variables, _ in containers(stack):
        assert variables["SMTP_CONNECTION_URL"] == "ses://us-east-1"
        assert variables["EMAIL_FROM_ADDRESS"] == "Langfuse@example.com"


def test_ses_in_govcloud() -> None:
    stack = services(FROM, {"LANGFUSE_AWS__REGION": "us-gov-west-1"})
    (statement,) = statements(stack)
    assert {arn.partition(":${")[0] for arn in statement["Resource"]} == {"arn:aws-us-gov:ses:us-gov-west-1"}


@pytest.mark.parametrize(("region", "domain"), [("us-east-1", "dkim"), ("eu-south-1", "dkim.eu-south-1")])
def test_the_identity_and_its_records(region: str, domain: str) -> None:
    stack = services(FROM, ZONE, {"LANGFUSE_AWS__REGION": region})
    (identity,) = stack.resources("aws_sesv2_email_identity").values()
    assert identity == {"email_identity": "example.com"}
    records = stack.resources("aws_route53_record").values()
    assert len(records) == 3
    for number, record in enumerate(records):
        token = record["name"].partition("._domainkey.example.com")[0]
        assert token.endswith(f".dkim_signing_attributes[0].tokens, {number})}}")
        assert record["records"] == [f"{token}.{domain}.amazonses.com"]
        assert record["type"] == "CNAME"
        assert record["zone_id"] == "Z0123456789ABCDEFGHIJ"


def test_a_mail_server_is_a_secret() -> None:
    stack = services(FROM, SMTP)
    assert statements(stack) == []
    for variables, secrets in containers(stack):
        assert "SMTP_CONNECTION_URL" not in variables
        assert secrets["SMTP_CONNECTION_URL"] == ARN
        assert variables["EMAIL_FROM_ADDRESS"] == "langfuse@example.com"


def region(name: str) -> dict[str, str]:
    return {"LANGFUSE_AWS__REGION": name}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ((ZONE,), 'mail.hosted_zone_id = "Z0123456789ABCDEFGHIJ": needs from_address beside it'),
        ((SMTP,), "mail.smtp_secret_arn"),
        ((FROM, ZONE, SMTP), "mail.hosted_zone_id"),
        ((FROM, region("cn-north-1")), "mail.from_address"),
        ((FROM, region("ap-southeast-4")), "needs smtp_secret_arn beside it, since there is no Amazon SES"),
        ((FROM, {"LANGFUSE_AWS__LANGFUSE__VERSION": "3.175.0"}), "since Langfuse before 3.176.0 can't use SES"),
        ((FROM, SMTP, region("eu-west-1")), 'mail.smtp_secret_arn = "arn:aws:secretsmanager:us-east-1:'),
        (({"LANGFUSE_AWS__MAIL__FROM_ADDRESS": "Langfuse <langfuse@example.com>"},), "mail.from_address: must be an"),
        (({"LANGFUSE_AWS__MAIL__FROM_ADDRESS": "*@example.com"},), "must not have *, ?, $, { or } in it"),
        ((FROM, {f"{VARIABLE}EMAIL_FROM_ADDRESS": "a@example.com"}), "is set by the section mail too: leave it out"),
        ((FROM, {f"{VARIABLE}SMTP_CONNECTION_URL": "ses://us-east-1"}), "is set by the section mail too: leave it out"),
        (
            (FROM, {"LANGFUSE_AWS__LANGFUSE__SECRETS__SMTP_CONNECTION_URL": ARN}),
            "langfuse.secrets.SMTP_CONNECTION_URL: is set by the section mail too: leave it out",
        ),
        (
            (FROM, {"LANGFUSE_AWS__MAIL__SMTP_SECRET_ARN": "smtp://me:hunter2@example.com"}),
            "mail.smtp_secret_arn: must be a full ARN",
        ),
    ],
)
def test_what_is_refused_is_one_line(overrides: tuple[Mapping[str, str], ...], said: str) -> None:
    line = refusal(*overrides)
    assert said in line
    assert "\n" not in line
    assert "hunter2" not in line


def test_a_mail_server_needs_no_ses() -> None:
    arn = ARN.replace("arn:aws:", "arn:aws-cn:").replace("us-east-1", "cn-north-1")
    server = {"LANGFUSE_AWS__MAIL__SMTP_SECRET_ARN": arn}
    assert refusal(FROM, server, region("cn-north-1")) == ""
    assert refusal(FROM, SMTP, {"LANGFUSE_AWS__LANGFUSE__VERSION": "3.175.0"}) == ""


def test_a_verified_address_needs_mail() -> None:
    required = {f"{VARIABLE}AUTH_EMAIL_VERIFICATION_REQUIRED": "true"}
    assert "needs SMTP_CONNECTION_URL and EMAIL_FROM_ADDRESS" in refusal(required)
    assert refusal(required, FROM) == ""


@cache
def regions_of_ses() -> set[str]:
    session = boto3.Session()
    return {
        region for partition in REGIONS_BY_PARTITION for region in session.get_available_regions("sesv2", partition)
    }


def test_the_regions_are_those_of_botocore() -> None:
    known = {region for regions in REGIONS_BY_PARTITION.values() for region in regions}
    assert set(ses.REGIONS_WITHOUT_SES) == known - regions_of_ses()
    assert set(ses.REGIONS_WITH_OWN_DKIM_DOMAIN) <= regions_of_ses()


# What AWS has: the embedded AWS, and its rules.


@pytest.fixture
def sesv2(deployment: SmallDeployment) -> Iterator[Any]:
    client = deployment.client("sesv2")
    yield client
    for identity in client.list_email_identities()["EmailIdentities"]:
        client.delete_email_identity(EmailIdentity=identity["IdentityName"])


def test_an_identity_exists_once(sesv2: Any) -> None:
    assert len(sesv2.create_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"]) == 3
    with pytest.raises(sesv2.exceptions.AlreadyExistsException):
        sesv2.create_email_identity(EmailIdentity="example.com")
    sesv2.delete_email_identity(EmailIdentity="example.com")
    with pytest.raises(sesv2.exceptions.NotFoundException):
        sesv2.delete_email_identity(EmailIdentity="example.com")


def preflight(deployment: SmallDeployment, *overrides: Mapping[str, str]) -> dict[str, Finding]:
    environment = deployment.environment(**{name: value for each in overrides for name, value in each.items()})
    return {found.check: found for check in (mail_zone, mail_identity) for found in check(environment)}


def test_preflight_says_nothing_of_mail_without_it(deployment: SmallDeployment) -> None:
    assert preflight(deployment) == {}
    assert preflight(deployment, FROM, SMTP) == {}


def test_preflight_wants_an_identity_or_makes_one(deployment: SmallDeployment, sesv2: Any) -> None:
    verified, free = "SES identity is verified", "SES identity is free"
    assert preflight(deployment, FROM)[verified].verdict is Verdict.FAILED
    assert preflight(deployment, FROM, ZONE)[free].verdict is Verdict.OK
    # That of the address does not hinder that of the domain.
    sesv2.create_email_identity(EmailIdentity="langfuse@example.com")
    assert preflight(deployment, FROM)[verified].verdict is Verdict.OK
    assert preflight(deployment, FROM, ZONE)[free].verdict is Verdict.OK
    sesv2.delete_email_identity(EmailIdentity="langfuse@example.com")
    sesv2.create_email_identity(EmailIdentity="example.com")
    assert preflight(deployment, FROM)[verified].verdict is Verdict.OK
    found = preflight(deployment, FROM, ZONE)[free]
    assert found.verdict is Verdict.FAILED
    assert "leave mail.hosted_zone_id out" in found.remedy


def test_preflight_warns_of_the_sandbox(deployment: SmallDeployment, sesv2: Any) -> None:
    def sandbox(*, production: bool) -> Finding:
        sesv2.put_account_details(
            MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=production
        )
        return preflight(deployment, FROM)["SES sends to everyone"]

    found = sandbox(production=False)
    assert found.verdict is Verdict.WARNING
    assert "is in its sandbox" in found.evidence
    assert sandbox(production=True).verdict is Verdict.OK


def test_preflight_looks_at_the_zone(deployment: SmallDeployment) -> None:
    route53 = deployment.client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="mail")["HostedZone"]["Id"]
    given = {"LANGFUSE_AWS__MAIL__HOSTED_ZONE_ID": zone.rpartition("/")[2]}

    def verdict(address: str, zone: Mapping[str, str] = given) -> Verdict:
        found = preflight(deployment, {"LANGFUSE_AWS__MAIL__FROM_ADDRESS": address}, zone)
        return found["hosted zone for mail"].verdict

    assert verdict("langfuse@example.com") is Verdict.OK
    assert verdict("langfuse@mail.example.com") is Verdict.OK
    assert verdict("langfuse@another-example.com") is Verdict.FAILED
    assert verdict("langfuse@example.com", ZONE) is Verdict.FAILED
    route53.delete_hosted_zone(Id=zone)
