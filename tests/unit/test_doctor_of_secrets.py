"""Tests of the checks of ``ops doctor`` for the secrets of the tasks: existence, keys, and the addresses in them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.doctor_checks.secret_addresses import addresses_are_reachable
from ops.doctor_checks.task_secrets import secrets_are_readable
from ops.findings import Finding, Verdict
from settings.secret_variables import CA_CERTIFICATES
from tests.unit.small_deployment import SmallDeployment

NAME = "settings-of-langfuse"
VALUE = json.dumps({"issuer": "hidden-1"})
EXISTS, READ = "web's secrets exist", "web may read its secrets"
DECRYPT = "web may decrypt AUTH_CUSTOM_CLIENT_SECRET"
THROUGH_SECRETS_MANAGER = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}


@pytest.fixture
def allow(deployment: SmallDeployment) -> Iterator[Callable[..., None]]:
    """Allows the execution role an action, within the test."""
    iam = deployment.client("iam")
    names: list[str] = []

    def allow(action: str, resource: str = "*", **statement: Any) -> None:
        document = {"Effect": "Allow", "Action": action, "Resource": resource, **statement}
        names.append(f"policy-{len(names)}")
        policy = json.dumps({"Version": "2012-10-17", "Statement": [document]})
        iam.put_role_policy(RoleName=deployment.task_role, PolicyName=names[-1], PolicyDocument=policy)

    allow("secretsmanager:GetSecretValue")
    yield allow
    for name in names:
        iam.delete_role_policy(RoleName=deployment.task_role, PolicyName=name)


@pytest.fixture
def key(deployment: SmallDeployment) -> Any:
    return deployment.client("kms").create_key()["KeyMetadata"]


@pytest.fixture
def secret(deployment: SmallDeployment, key: Any) -> Iterator[str]:
    """The ARN of a secret that a key of the customer's encrypts."""
    secrets = deployment.client("secretsmanager")
    yield str(secrets.create_secret(Name=NAME, SecretString=VALUE, KmsKeyId=key["Arn"])["ARN"])
    secrets.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)


def found(deployment: SmallDeployment, value_from: str) -> dict[str, Finding]:
    """The findings about the secret that a variable of web comes from."""
    deployment.run_web("4.16.0", secrets={"AUTH_CUSTOM_CLIENT_SECRET": value_from})
    findings = {finding.check: finding for finding in secrets_are_readable(deployment.environment())}
    assert "hidden" not in str(findings)
    return findings


@pytest.mark.usefixtures("allow")
def test_a_secret_that_is_absent_is_not_counted_as_readable(deployment: SmallDeployment, secret: str) -> None:
    findings = found(deployment, f"{secret[:-6]}AbCdEf")
    assert findings[EXISTS].verdict is Verdict.FAILED
    assert "AUTH_CUSTOM_CLIENT_SECRET: there is no arn:aws:secretsmanager:" in findings[EXISTS].evidence
    assert "langfuse.secrets" in findings[EXISTS].remedy
    assert "0 of 0" in findings[READ].evidence


@pytest.mark.usefixtures("allow")
def test_a_secret_of_the_container_before_langfuse(deployment: SmallDeployment, secret: str) -> None:
    arn = f"{secret[:-6]}AbCdEf"
    writer = {"name": "ca-certificates", "image": "langfuse", "secrets": [{"name": CA_CERTIFICATES, "valueFrom": arn}]}
    deployment.run_web("4.16.0", first={**writer, "essential": False})
    (finding,) = [finding for finding in secrets_are_readable(deployment.environment()) if finding.check == EXISTS]
    assert finding.verdict is Verdict.FAILED
    assert f"{CA_CERTIFICATES}: there is no {arn}" in finding.evidence
    assert "correct the ARN in langfuse.ca_certificate_secret_arn" in finding.remedy


@pytest.mark.usefixtures("allow")
def test_a_secret_that_is_being_deleted(deployment: SmallDeployment, secret: str) -> None:
    deployment.client("secretsmanager").delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
    finding = found(deployment, secret)[EXISTS]
    assert finding.verdict is Verdict.FAILED
    assert f"{NAME} is scheduled for deletion" in finding.evidence
    assert f"restore-secret --secret-id {NAME}" in finding.remedy


@pytest.mark.usefixtures("allow")
def test_a_secret_without_a_value(deployment: SmallDeployment) -> None:
    secrets = deployment.client("secretsmanager")
    arn = secrets.create_secret(Name="empty")["ARN"]
    finding = found(deployment, arn)[EXISTS]
    secrets.delete_secret(SecretId="empty", ForceDeleteWithoutRecovery=True)  # pragma: allowlist secret
    assert finding.verdict is Verdict.FAILED
    assert "empty holds no value" in finding.evidence


@pytest.mark.usefixtures("allow")
@pytest.mark.parametrize(
    ("value", "part", "passed"),
    [
        (VALUE, "issuer", True),
        (VALUE, "client_secret", False),
        ("hidden-2", "issuer", False),
        ('["hidden-3"]', "issuer", False),
    ],
)
def test_a_key_of_a_secret(deployment: SmallDeployment, secret: str, value: str, part: str, passed: bool) -> None:
    deployment.store(NAME, value)
    finding = found(deployment, f"{secret}:{part}::")[EXISTS]
    assert (finding.verdict is Verdict.OK) == passed
    assert passed or f"{NAME} is not JSON with the key {part}" in finding.evidence


def test_a_customers_key_needs_decrypt(
    deployment: SmallDeployment, allow: Callable[..., None], key: Any, secret: str
) -> None:
    """aws/aws-cdk#17156: the policy names the secret, and the tasks fail all the same."""
    findings = found(deployment, secret)
    assert findings[EXISTS].verdict is findings[READ].verdict is Verdict.OK
    assert findings[DECRYPT].verdict is Verdict.FAILED
    assert f"web-task may not kms:Decrypt with {key['Arn']}" in findings[DECRYPT].evidence
    assert f"put {key['Arn']} into langfuse.kms_key_arns" in findings[DECRYPT].remedy

    allow("kms:Decrypt", key["Arn"], Condition=THROUGH_SECRETS_MANAGER)
    assert found(deployment, secret)[DECRYPT].verdict is Verdict.OK


@pytest.mark.usefixtures("allow")
def test_the_policy_of_the_key_may_name_the_role(deployment: SmallDeployment, key: Any, secret: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": deployment.task_role_arn},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
    # Without it, KMS refuses the policy.
    administration = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Action": "kms:PutKeyPolicy",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [administration, statement]})
    deployment.client("kms").put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy)
    assert found(deployment, secret)[DECRYPT].verdict is Verdict.OK


@pytest.mark.usefixtures("allow")
@pytest.mark.parametrize(
    ("change", "state", "remedy"),
    [
        ("disable_key", "Disabled", "enable-key"),
        ("schedule_key_deletion", "PendingDeletion", "cancel-key-deletion"),
    ],
)
def test_a_key_that_can_not_be_used(
    deployment: SmallDeployment, key: Any, secret: str, change: str, state: str, remedy: str
) -> None:
    getattr(deployment.client("kms"), change)(KeyId=key["KeyId"])
    finding = found(deployment, secret)[DECRYPT]
    assert finding.verdict is Verdict.FAILED
    assert finding.evidence == f"{key['Arn']} is {state}"
    assert f"aws kms {remedy} --key-id {key['KeyId']}" in finding.remedy


@pytest.mark.usefixtures("allow")
def test_without_a_key_of_the_customers_nothing_is_said_of_it(deployment: SmallDeployment) -> None:
    findings = found(deployment, deployment.store("plain", "hidden-4"))
    assert {name: finding.verdict for name, finding in findings.items()} == {EXISTS: Verdict.OK, READ: Verdict.OK}


def test_a_role_that_may_not_read(deployment: SmallDeployment) -> None:
    finding = found(deployment, deployment.store("plain", "hidden-4"))[READ]
    assert finding.verdict is Verdict.FAILED
    assert finding.evidence == "web-task: 0 of 1, not plain"


def test_the_addresses_in_secrets_need_their_ports(deployment: SmallDeployment) -> None:
    proxy = deployment.store("proxy", "http://me:hidden-5@proxy.example.com:3128")  # pragma: allowlist secret
    other = deployment.store("other", "https://example.com")
    deployment.run_web("4.16.0", secrets={"HTTPS_PROXY": proxy, "AUTH_CUSTOM_ISSUER": other, "SALT": proxy})

    def checked(**variables: str) -> dict[str, Finding]:
        return {finding.check: finding for finding in addresses_are_reachable(deployment.environment(**variables))}

    findings = checked(LANGFUSE_AWS__NETWORK__EGRESS_PORTS="[587]")
    assert findings.keys() == {"web may connect to HTTPS_PROXY", "web may connect to AUTH_CUSTOM_ISSUER"}
    assert findings["web may connect to AUTH_CUSTOM_ISSUER"].verdict is Verdict.OK
    closed = findings["web may connect to HTTPS_PROXY"]
    assert closed.verdict is Verdict.FAILED
    assert closed.evidence == f"port 3128 may not leave {deployment.web_group}"
    assert closed.remedy == "set network.egress_ports = [587, 3128], then `make deploy ENV=dev`"
    set_already = checked(LANGFUSE_AWS__NETWORK__EGRESS_PORTS="[3128]")["web may connect to HTTPS_PROXY"]
    assert set_already.remedy == "a rule was removed, or is not deployed yet: `make deploy ENV=dev`"
    assert "hidden" not in str(findings)
