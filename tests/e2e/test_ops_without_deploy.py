"""Tests of ``ops`` without a deployment: bootstrap, and errors of one line with the next step."""

import json
from collections.abc import Iterator

import pytest
from mypy_boto3_secretsmanager import SecretsManagerClient

from local import embedded_aws
from local.embedded_aws import EmbeddedAws
from ops.clickhouse import connection
from ops.environment import OpsError
from tests.command_line import assert_one_line, ops

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("local")]

BUCKET = "ops-test-state"
REQUIREMENTS = [
    "bucket exists",
    "versioned",
    "encrypted",
    "public access blocked",
    "TLS only",
    "old versions expire after 90 days",
]


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws.running("us-east-1") as running:
        yield running


@pytest.fixture
def environment(aws: EmbeddedAws) -> dict[str, str]:
    return {**aws.environment, "LANGFUSE_ENV": "dev", "LANGFUSE_AWS__STATE__BUCKET": BUCKET}


def test_bootstrap_makes_the_bucket_once(aws: EmbeddedAws, environment: dict[str, str]) -> None:
    s3 = aws.session().client("s3", endpoint_url=aws.url)
    assert_one_line(ops("outputs", environment=environment), BUCKET, "ops bootstrap --apply")

    dry = ops("bootstrap", environment=environment)
    assert dry.returncode == 0, dry.stderr
    assert dry.stdout.count("missing") == len(REQUIREMENTS)
    assert s3.list_buckets()["Buckets"] == []

    applied = ops("bootstrap", "--apply", environment=environment)
    assert applied.returncode == 0, applied.stderr
    assert all(requirement in applied.stdout for requirement in REQUIREMENTS)
    assert "missing" not in applied.stdout
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]

    again = ops("bootstrap", "--apply", environment=environment)
    assert "Nothing had to change." in again.stdout

    for command in (["outputs"], ["status"], ["doctor"], ["scale", "web=1"], ["redeploy"], ["upgrade", "4.99.0"]):
        assert_one_line(ops(*command, environment=environment), "is not deployed", "make deploy ENV=dev")


def test_bootstrap_fixes_an_existing_bucket_and_keeps_what_others_wrote(
    aws: EmbeddedAws, environment: dict[str, str]
) -> None:
    s3 = aws.session().client("s3", endpoint_url=aws.url)
    s3.create_bucket(Bucket=BUCKET)
    theirs = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObjectAcl", "Resource": "*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert "versioned" in ops("bootstrap", environment=environment).stdout
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Suspended"
    assert ops("bootstrap", "--apply", environment=environment).returncode == 0
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    policy = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert "Theirs" in policy
    assert "OnlyEncryptedConnections" in policy


def test_a_wrong_account_is_refused(environment: dict[str, str]) -> None:
    ran = ops("status", environment={**environment, "LANGFUSE_AWS__ALLOWED_ACCOUNT_IDS": '["999999999999"]'})
    assert_one_line(ran, "999999999999", "AWS_PROFILE")


def test_without_credentials(environment: dict[str, str]) -> None:
    nowhere = {
        name: value for name, value in environment.items() if name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    hidden = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    assert_one_line(ops("outputs", environment={**nowhere, **hidden}), "credentials", "AWS_PROFILE")


def test_no_aws_there(environment: dict[str, str]) -> None:
    assert_one_line(
        ops("outputs", environment={**environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}), "127.0.0.1:9"
    )


def test_all_secrets_or_none(aws: EmbeddedAws) -> None:
    """The third secret can't be written, so the first two are restored."""
    client: SecretsManagerClient = aws.session().client("secretsmanager", endpoint_url=aws.url)
    for name in ("one", "two"):
        client.create_secret(Name=name, SecretString=f"old {name}")
    before = {name: client.get_secret_value(SecretId=name)["VersionId"] for name in ("one", "two")}
    values = {name: f"new {name}" for name in ("one", "two", "gone", "four")}
    with pytest.raises(OpsError, match=r"gone could not be stored .*every secret is as it was"):
        connection.write(client, values, {**before, "gone": "0" * 32})
    for name in ("one", "two"):
        assert client.get_secret_value(SecretId=name)["SecretString"] == f"old {name}"
