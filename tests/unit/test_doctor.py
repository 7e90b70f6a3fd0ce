"""Tests of the checks of ``ops doctor`` for versions and mail. tests/e2e/test_day_two.py tests the command."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from pytest_httpserver import HTTPServer

from ops.clickhouse import connection
from ops.console import UNLIMITED, console
from ops.doctor_checks.database_versions import versions_fit
from ops.doctor_checks.mail import mail_can_leave
from ops.doctor_checks.services import address_is_public
from ops.doctor_checks.spot import spot_has_capacity
from ops.doctor_checks.starts import tasks_start
from ops.findings import Check, Finding, Verdict, print_findings
from ops.parts import SECTIONS
from tests.unit.small_deployment import CLUSTER, WEB, SmallDeployment

EXTERNAL = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "external"}
VERSIONS = ("ClickHouse fits Langfuse", "PostgreSQL fits Langfuse", "Redis fits Langfuse")
SENDER = {"EMAIL_FROM_ADDRESS": "Langfuse <langfuse@example.com>"}
ANY_ADDRESS = [{"CidrIp": "0.0.0.0/0"}]
MAIL, SES, VERIFIED = "web may send mail", "web may use SES", "SES identity is verified"


def fit(deployment: SmallDeployment, **variables: str) -> dict[str, Finding]:
    """Returns the findings about versions."""
    return {finding.check: finding for finding in versions_fit(deployment.environment(**variables))}


def mail(deployment: SmallDeployment) -> dict[str, Finding]:
    """Returns the findings about mail."""
    return {finding.check: finding for finding in mail_can_leave(deployment.environment())}


@pytest.mark.parametrize("width", [80, UNLIMITED])
def test_no_finding_is_cut(
    width: int, deployment: SmallDeployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "width", width)
    findings = [*versions_fit(deployment.environment()), *mail_can_leave(deployment.environment())]
    print_findings(findings, title="langfuse-dev")
    lines = capsys.readouterr().out.splitlines()
    assert len(findings) >= 3
    for text in {str(text) for found in findings for text in found}:
        assert any(text in line for line in lines), text


def test_versions_that_fit(deployment: SmallDeployment) -> None:
    """This instance has no role with which Systems Manager would manage it."""
    deployment.run_web("4.16.0")
    findings = fit(deployment)
    assert {check: findings[check].verdict for check in VERSIONS} == dict.fromkeys(VERSIONS, Verdict.OK)
    assert "ClickHouse 26.4, Langfuse 4.16.0" in findings[VERSIONS[0]].evidence
    assert "could not be asked: Systems Manager does not know i-" in findings[VERSIONS[0]].evidence
    assert "PostgreSQL 15.4" in findings[VERSIONS[1]].evidence


def test_a_langfuse_without_queue_metrics(deployment: SmallDeployment) -> None:
    deployment.run_web("3.169.0")
    finding = fit(deployment)["Langfuse is supported"]
    assert finding.verdict is Verdict.FAILED
    assert "3.170.0 or newer" in finding.evidence


def test_the_clickhouse_on_an_instance_is_asked_by_run_command(
    deployment: SmallDeployment, fake_server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", fake_server.url_for("/"))
    deployment.run_web("4.16.0")
    command = {"X-Amz-Target": "AmazonSSM.SendCommand"}
    result = {"X-Amz-Target": "AmazonSSM.GetCommandInvocation"}
    fake_server.expect_request("/", headers=command).respond_with_json({"Command": {"CommandId": "0" * 36}})
    fake_server.expect_request("/", headers=result).respond_with_json(
        {"Status": "Success", "StandardOutputContent": "26.9.2.1\t0\n"}
    )
    finding = fit(deployment)[VERSIONS[0]]
    assert finding.verdict is Verdict.FAILED
    assert finding.evidence == "ClickHouse 26.9.2.1, Langfuse 4.16.0"
    assert "below 26.8" in finding.remedy


@pytest.mark.parametrize(
    ("status", "answer", "passed", "evidence"),
    [
        (200, "26.9.2.1\t0\n", False, "ClickHouse 26.9.2.1, Langfuse 4.16.0"),
        (200, "26.9.2.1\t1\n", True, "ClickHouse 26.9.2.1, Langfuse 4.16.0"),
        (200, "26.3.2.4.altinitystable\t\n", True, "ClickHouse 26.3.2.4, Langfuse 4.16.0"),
        (200, "<html>", True, "ClickHouse 26.4, Langfuse 4.16.0; from the settings, the server could not be asked"),
        (403, "secret-9 is wrong", True, "could not be asked: http://127.0.0.1"),
    ],
)
def test_an_external_clickhouse_is_asked(
    deployment: SmallDeployment,
    fake_server: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    answer: str,
    passed: bool,
    evidence: str,
) -> None:
    """Without TLS: otherwise, ``ops`` would not send the credentials."""
    monkeypatch.setitem(connection.PORTS, "external", ({"http": (fake_server.port,)}, (9440,)))
    deployment.run_web("4.16.0")
    deployment.store("clickhouse-url", f"http://127.0.0.1:{fake_server.port}")
    deployment.store("clickhouse-user", "langfuse")
    deployment.store("clickhouse-password", "secret-9")
    credentials = {"X-ClickHouse-User": "langfuse", "X-ClickHouse-Key": "secret-9"}
    fake_server.expect_request("/", "GET", headers=credentials).respond_with_data(answer, status=status)
    finding = fit(deployment, **EXTERNAL)[VERSIONS[0]]
    assert (finding.verdict is Verdict.OK) == passed
    assert evidence in finding.evidence
    assert "secret-9" not in str(finding)


def test_a_clickhouse_that_is_too_new_to_be_known(
    deployment: SmallDeployment, fake_server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.PORTS, "external", ({"http": (fake_server.port,)}, (9440,)))
    deployment.run_web("4.28.0")
    for name, value in {"url": f"http://127.0.0.1:{fake_server.port}", "user": "x", "password": "x"}.items():
        deployment.store(f"clickhouse-{name}", value)
    fake_server.expect_request("/", "GET").respond_with_data("27.1.2.3\t0\n")
    finding = fit(deployment, **EXTERNAL)[VERSIONS[0]]
    assert finding.verdict is Verdict.WARNING
    assert finding.remedy == (
        "the version must be 26.9 or older; allow_untested_versions = true accepts others all the same"
    )
    allowed = {**EXTERNAL, "LANGFUSE_AWS__ALLOW_UNTESTED_VERSIONS": "true"}
    assert fit(deployment, **allowed)[VERSIONS[0]].verdict is Verdict.OK


def test_the_credentials_go_nowhere_without_tls(deployment: SmallDeployment, fake_server: HTTPServer) -> None:
    deployment.run_web("4.16.0")
    deployment.store("clickhouse-url", f"http://127.0.0.1:{fake_server.port}")
    finding = fit(deployment, **EXTERNAL)[VERSIONS[0]]
    assert "could not be asked: CLICKHOUSE_URL is not set yet" in finding.evidence


def test_an_address_that_was_overridden_is_named(deployment: SmallDeployment) -> None:
    deployment.run_web("4.16.0", {"NEXTAUTH_URL": "https://old.example.com"})
    (finding,) = address_is_public(deployment.environment())
    assert finding.verdict is Verdict.FAILED
    assert "langfuse.environment.NEXTAUTH_URL" in finding.remedy
    assert "If users shall come to https://old.example.com, set domain.name first" in finding.remedy


@pytest.mark.parametrize(
    ("suffix", "verdict"), [("/api/auth", Verdict.OK), ("", Verdict.FAILED), ("/other/api/auth", Verdict.FAILED)]
)
def test_the_address_with_a_base_path(deployment: SmallDeployment, suffix: str, verdict: Verdict) -> None:
    address = "http://langfuse.example.com/langfuse"
    deployment.run_web("4.16.0", {"NEXTAUTH_URL": address + suffix})
    environment = deployment.environment()
    environment.outputs("services")["alb_url"] = address
    (finding,) = address_is_public(environment)
    assert finding.verdict is verdict


def test_a_version_with_an_image_that_is_not_pulled_is_told(deployment: SmallDeployment) -> None:
    """Until another version runs: ECS goes on with the old one, and Langfuse works."""
    deployment.run_web("4.16.0")
    assert starts(deployment).verdict is Verdict.OK
    deployment.run_web("4.17.0", repository="000000000000.dkr.ecr.us-east-1.amazonaws.com/mirror/langfuse")
    found = eventually(lambda: starts(deployment), lambda found: found.verdict is not Verdict.OK)
    assert found.evidence.startswith(
        "the image was not pulled: its registry does not have it: CannotPullContainerError"
    )
    assert "langfuse.registry" in found.remedy
    rows = {row.what: row.detail for row in SECTIONS["services"](deployment.environment())}
    assert rows["web's last failed task"].startswith("the image was not pulled: its registry does not have it (check")
    deployment.run_web("4.16.0")
    assert eventually(lambda: starts(deployment), lambda found: found.verdict is Verdict.OK).remedy == ""


def test_a_service_without_spot_capacity_is_told(deployment: SmallDeployment) -> None:
    ecs = deployment.client("ecs")
    deployment.run_web("4.16.0")
    assert list(spot_has_capacity(deployment.environment())) == []
    ecs.put_cluster_capacity_providers(
        cluster=CLUSTER, capacityProviders=["FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    change = {"cluster": CLUSTER, "service": WEB, "forceNewDeployment": True}
    ecs.update_service(**change, capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])
    capacity = partial(one, spot_has_capacity, deployment)
    assert capacity().verdict is Verdict.OK
    deployment.aws.exhaust("FARGATE_SPOT")
    ecs.update_service(**change)
    for task in ecs.list_tasks(cluster=CLUSTER, serviceName=WEB)["taskArns"]:
        ecs.stop_task(cluster=CLUSTER, task=task)
    found = eventually(capacity, lambda found: found.verdict is Verdict.FAILED)
    assert found.evidence.startswith(
        "0 of 1 tasks run; ECS says: (service langfuse-dev-web) was unable to place a task"
    )
    assert found.remedy.startswith("wait, or set web.spot = false and")
    (row, *_) = SECTIONS["services"](deployment.environment())
    assert "Fargate Spot may have no capacity: wait, or set web.spot = false and deploy" in row.detail
    deployment.aws.exhaust()
    assert eventually(capacity, lambda found: found.verdict is Verdict.OK).remedy == ""
    ecs.update_service(**change, capacityProviderStrategy=[])


def one(check: Check, deployment: SmallDeployment) -> Finding:
    """The only finding of a check."""
    (found,) = check(deployment.environment())
    return found


def starts(deployment: SmallDeployment) -> Finding:
    (found,) = tasks_start(deployment.environment())
    return found


def eventually(look: Callable[[], Finding], is_it: Callable[[Finding], bool]) -> Finding:
    """What is found once it is as expected, within 10 s."""
    deadline = time.monotonic() + 10
    while not is_it(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_without_mail_nothing_is_said_of_it(deployment: SmallDeployment) -> None:
    deployment.run_web("4.16.0")
    assert {MAIL, SES}.isdisjoint(mail(deployment))


@pytest.mark.parametrize(
    ("variables", "absent"),
    [(SENDER, "SMTP_CONNECTION_URL"), ({"SMTP_CONNECTION_URL": "ses://us-east-1"}, "EMAIL_FROM_ADDRESS")],
)
def test_mail_needs_a_server_and_a_sender(deployment: SmallDeployment, variables: dict[str, str], absent: str) -> None:
    deployment.run_web("4.16.0", variables)
    finding = mail(deployment)[MAIL]
    assert finding.verdict is Verdict.FAILED
    assert finding.evidence.startswith(f"{absent} is not set")


@pytest.mark.parametrize("url", ["example.com", "smtp://", "smtp://example.com:port", "http://example.com"])
def test_a_server_that_is_none(deployment: SmallDeployment, url: str) -> None:
    deployment.run_web("4.16.0", {**SENDER, "SMTP_CONNECTION_URL": url})
    finding = mail(deployment)[MAIL]
    assert finding.verdict is Verdict.FAILED
    assert "is not a URL" in finding.evidence


@pytest.mark.parametrize(
    ("value", "key", "port"),
    [
        ("smtp://me:secret-9@example.com", "", 587),  # pragma: allowlist secret
        ("smtps://me:secret-9@example.com", "", 465),  # pragma: allowlist secret
        ('{"url": "smtp://me:secret-9@example.com:2525"}', ":url::", 2525),  # pragma: allowlist secret
    ],
)
def test_mail_needs_a_port(deployment: SmallDeployment, value: str, key: str, port: int) -> None:
    arn = deployment.store("smtp", value)
    deployment.run_web("4.16.0", SENDER, {"SMTP_CONNECTION_URL": f"{arn}{key}"})
    finding = mail(deployment)[MAIL]
    assert finding.verdict is Verdict.FAILED
    assert f"port {port} may not leave {deployment.web_group}" in finding.evidence
    assert finding.remedy == f"set network.egress_ports = [{port}], then `make deploy ENV=dev`"
    assert "secret-9" not in str(finding)

    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ANY_ADDRESS}
    deployment.client("ec2").authorize_security_group_egress(GroupId=deployment.web_group, IpPermissions=[rule])
    finding = mail(deployment)[MAIL]
    assert finding.verdict is Verdict.OK
    assert finding.remedy == ""


@pytest.fixture
def ses_policy(deployment: SmallDeployment) -> Iterator[dict[str, str]]:
    """Allows SES, within the test, for the role that the tasks have."""
    policy = {"RoleName": deployment.task_role, "PolicyName": "mail"}
    yield policy
    deployment.client("iam").delete_role_policy(**policy)


def allow_ses(deployment: SmallDeployment, policy: dict[str, str], resource: str, *actions: str) -> None:
    condition = {"StringEquals": {"ses:FromAddress": "langfuse@example.com"}}
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    deployment.client("iam").put_role_policy(**policy, PolicyDocument=document)


@pytest.mark.parametrize("identity", ["*", "example.com", "langfuse@example.com"])
def test_mail_by_ses_needs_a_permission(deployment: SmallDeployment, ses_policy: dict[str, str], identity: str) -> None:
    deployment.run_web("4.16.0", {**SENDER, "SMTP_CONNECTION_URL": "ses://eu-west-1"})
    findings = mail(deployment)
    assert findings[MAIL].verdict is Verdict.OK
    assert findings[SES].verdict is Verdict.FAILED
    assert "ses:SendRawEmail" in findings[SES].remedy
    assert "langfuse.policy_arns" in findings[SES].remedy

    account = deployment.task_role_arn.split(":")[4]
    resource = "*" if identity == "*" else f"arn:aws:ses:eu-west-1:{account}:identity/{identity}"
    allow_ses(deployment, ses_policy, resource, "ses:SendEmail")
    assert mail(deployment)[SES].verdict is Verdict.FAILED
    allow_ses(deployment, ses_policy, resource, "ses:SendEmail", "ses:SendRawEmail")
    assert mail(deployment)[SES].verdict is Verdict.OK


def test_mail_of_the_section_mail_is_put_back_by_a_deploy(deployment: SmallDeployment) -> None:
    deployment.run_web("4.16.0", {**SENDER, "SMTP_CONNECTION_URL": "ses://us-east-1"})
    environment = deployment.environment(LANGFUSE_AWS__MAIL__FROM_ADDRESS="langfuse@example.com")
    found = {finding.check: finding for finding in mail_can_leave(environment)}[SES]
    assert found.verdict is Verdict.FAILED
    assert found.remedy == "the policy was changed: `make deploy ENV=dev` puts it back"


def test_ses_must_have_verified_the_sender(deployment: SmallDeployment) -> None:
    ses = deployment.client("sesv2")
    deployment.run_web("4.16.0", {**SENDER, "SMTP_CONNECTION_URL": "ses://us-east-1"})
    found = mail(deployment)[VERIFIED]
    assert found.verdict is Verdict.FAILED
    assert found.evidence == "example.com is no identity in us-east-1"
    ses.create_email_identity(EmailIdentity="example.com")
    assert mail(deployment)[VERIFIED].verdict is Verdict.OK
    ses.delete_email_identity(EmailIdentity="example.com")


def test_ses_in_its_sandbox_is_told(
    deployment: SmallDeployment, fake_server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", fake_server.url_for("/"))
    deployment.run_web("4.16.0", {**SENDER, "SMTP_CONNECTION_URL": "ses://us-east-1"})
    identity = "/v2/email/identities/langfuse@example.com"
    fake_server.expect_request(identity).respond_with_json({"VerifiedForSendingStatus": False})
    account = {"ProductionAccessEnabled": False, "SendingEnabled": True}
    fake_server.expect_request("/v2/email/account").respond_with_json(account)
    findings = mail(deployment)
    assert findings[VERIFIED].evidence == "langfuse@example.com is not verified yet in us-east-1"
    assert findings["SES sends to everyone"].verdict is Verdict.WARNING
