"""What KMS refuses because of a key's policy, and other services because of a key, the embedded AWS refuses too."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import EmbeddedAws
from modules.encryption_key import administration, use

ACCOUNT = "000000000000"
REGION = "us-east-1"
ABSENT = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-4cde-8f01-23456789abcd"
GROUP = "/langfuse/rules/web"

Client = Callable[[str], Any]


@pytest.fixture
def client(aws: EmbeddedAws) -> Client:
    return lambda service: aws.session().client(service, endpoint_url=aws.url)  # type: ignore[call-overload]


def policy(*, log_group: str = GROUP, deletion_protection: bool = False, administrable: bool = True) -> str:
    """The policy that the stacks give a key."""
    statements = use(ACCOUNT, region=REGION, log_groups=[log_group])
    if administrable:
        statements.append(administration(ACCOUNT, region=REGION, deletion_protection=deletion_protection))
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def key(client: Client) -> str:
    arn: str = client("kms").create_key(Policy=policy())["KeyMetadata"]["Arn"]
    return arn


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"]


def test_a_policy_that_nobody_could_change(client: Client, key: str) -> None:
    kms = client("kms")
    locked = policy(administrable=False)
    assert refused(kms.create_key, Policy=locked) == "MalformedPolicyDocumentException"
    assert (
        refused(kms.put_key_policy, KeyId=key, PolicyName="default", Policy=locked)
        == "MalformedPolicyDocumentException"
    )
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(log_group="another"))


def test_the_deletion_of_a_protected_key(client: Client) -> None:
    kms = client("kms")
    id_ = kms.create_key(Policy=policy(deletion_protection=True))["KeyMetadata"]["KeyId"]
    assert refused(kms.schedule_key_deletion, KeyId=id_) == "AccessDeniedException"
    kms.put_key_policy(KeyId=id_, PolicyName="default", Policy=policy())
    kms.schedule_key_deletion(KeyId=id_)


def test_a_log_group_that_the_policy_does_not_name(client: Client, key: str) -> None:
    logs = client("logs")
    assert refused(logs.create_log_group, logGroupName="another", kmsKeyId=key) == "AccessDeniedException"
    assert refused(logs.create_log_group, logGroupName=GROUP, kmsKeyId=ABSENT) == "AccessDeniedException"
    logs.create_log_group(logGroupName=GROUP, kmsKeyId=key)
    logs.delete_log_group(logGroupName=GROUP)


def test_a_log_group_with_a_key_that_is_not_for_logs(client: Client) -> None:
    """The default policy only lets the account's own users use the key."""
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    assert refused(client("logs").create_log_group, logGroupName=GROUP, kmsKeyId=key) == "AccessDeniedException"


@pytest.mark.parametrize("state", ["absent", "disabled", "pending deletion", "asymmetric"])
def test_what_can_not_be_encrypted_with_a_key(client: Client, key: str, state: str) -> None:
    kms = client("kms")
    if state == "absent":
        key = ABSENT
    elif state == "disabled":
        kms.disable_key(KeyId=key)
    elif state == "pending deletion":
        kms.schedule_key_deletion(KeyId=key)
    else:
        key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    database = {"DBInstanceIdentifier": "rules", "DBInstanceClass": "db.t4g.micro", "Engine": "postgres"}
    assert refused(client("rds").create_db_instance, **database, KmsKeyId=key) == "KMSKeyNotAccessibleFault"
    group = {"ReplicationGroupId": "rules", "ReplicationGroupDescription": "rules"}
    assert refused(client("elasticache").create_replication_group, **group, KmsKeyId=key) == "InvalidParameterValue"
    secret = {"Name": "rules", "SecretString": "value"}  # pragma: allowlist secret
    assert refused(client("secretsmanager").create_secret, **secret, KmsKeyId=key) == "EncryptionFailure"


def test_a_secret_whose_key_is_to_be_deleted(client: Client, key: str) -> None:
    secrets = client("secretsmanager")
    made = secrets.create_secret(Name="pending", SecretString="value", KmsKeyId=key)  # pragma: allowlist secret
    arn = made["ARN"]
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "value"  # pragma: allowlist secret
    client("kms").schedule_key_deletion(KeyId=key)
    assert refused(secrets.get_secret_value, SecretId=arn) == "DecryptionFailure"
    other = {"SecretId": arn, "SecretString": "other"}  # pragma: allowlist secret
    assert refused(secrets.put_secret_value, **other) == "EncryptionFailure"
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
