"""Tests of ``encryption.kms``: what the key encrypts, who may use it, and what is refused."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from local.embedded_aws import EmbeddedAws
from modules.encryption_key import use
from ops.environment import Environment
from ops.preflight_checks.encryption_key import encryption_key
from settings import SettingsError
from settings.variables.filled import FILLED_WITH_KEY
from tests.environments import EC2, ENVIRONMENTS, EXTERNAL, OWN_KEY, RUNNING, load
from tests.synthesis import SynthesizedStack, app
from tests.unit.test_services import variables

KMS = "LANGFUSE_AWS__ENCRYPTION__KMS"
ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/01234567-89ab-4cde-8f01-23456789abcd"
OTHER_KEY = KEY.replace("01234567", "76543210")
KEY_FROM_ELSEWHERE = {KMS: KEY}
# By type, the argument that names the key of what it stores.
STORES = {
    "aws_backup_vault": "kms_key_arn",
    "aws_cloudwatch_log_group": "kms_key_id",
    "aws_db_instance": "kms_key_id",
    "aws_ebs_volume": "kms_key_id",
    "aws_elasticache_replication_group": "kms_key_id",
    "aws_instance": "root_block_device.kms_key_id",
    "aws_s3_bucket_server_side_encryption_configuration": (
        "rule.0.apply_server_side_encryption_by_default.kms_master_key_id"
    ),
    "aws_secretsmanager_secret": "kms_key_id",  # pragma: allowlist secret
    "aws_sns_topic": "kms_master_key_id",
}


def keys(stacks: dict[str, SynthesizedStack]) -> dict[str, list[object]]:
    """The key of each resource that stores something, by its type."""
    return {
        type_: [_at(resource, path) for stack in stacks.values() for resource in stack.resources(type_).values()]
        for type_, path in STORES.items()
    }


def _at(resource: Any, path: str) -> object:
    for step in path.split("."):
        resource = resource[int(step)] if step.isdigit() else resource.get(step)
    return resource


def on_key(stack: SynthesizedStack, role: str, arn: str = KEY) -> list[tuple[list[str], str]]:
    """What the policies of the role whose address starts so allow on the key: the actions, through which service."""
    return [
        (statement["Action"], statement["Condition"]["StringEquals"]["kms:ViaService"][0].split(".")[0])
        for name, policy in stack.resources("aws_iam_role_policy").items()
        if name.startswith(role)
        for statement in json.loads(policy["policy"])["Statement"]
        if arn in statement["Resource"]
    ]


def own_key(environment: str = "dev", **overrides: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The key that the network stack makes, and the statements of its policy by their ``Sid``."""
    (key,) = app(environment, {**OWN_KEY, **overrides})["network"].resources("aws_kms_key").values()
    return key, {statement["Sid"]: statement for statement in json.loads(key["policy"])["Statement"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("mode", [EC2, EXTERNAL], ids=["ec2", "external"])
def test_the_key_encrypts_whatever_is_stored(environment: str, mode: dict[str, str]) -> None:
    found = keys(app(environment, {**RUNNING, **mode, **KEY_FROM_ELSEWHERE}))
    only_with_server = {"aws_backup_vault", "aws_ebs_volume", "aws_instance"}
    assert {type_ for type_, arns in found.items() if not arns} == (only_with_server if mode == EXTERNAL else set())
    assert {arn for arns in found.values() for arn in arns} == {KEY}


def test_the_own_key_is_that_of_the_network_stack() -> None:
    stacks = app("dev", {**RUNNING, **EC2, **OWN_KEY})
    (name,) = stacks["network"].resources("aws_kms_key")
    assert stacks["network"].json["output"]["kms_key_arn"]["value"] == f"${{aws_kms_key.{name}.arn}}"
    alias = stacks["network"].resource("aws_kms_alias", name="alias/langfuse-dev")
    assert alias["target_key_id"] == f"${{aws_kms_key.{name}.key_id}}"
    found = {str(arn) for arns in keys(stacks).values() for arn in arns}
    assert all(name.split("_", 1)[1] in arn and arn.endswith("arn}") for arn in found), found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_awss_own_keys_are_the_default(environment: str) -> None:
    stacks = app(environment, {**RUNNING, **EC2})
    assert {arn for arns in keys(stacks).values() for arn in arns} == {None}
    assert "kms" not in stacks["network"].text
    assert "_SSE" not in stacks["services"].text


def test_the_bucket_asks_kms_once_for_many_objects() -> None:
    rule = app("dev", KEY_FROM_ELSEWHERE)["data"].resource("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert rule[0]["bucket_key_enabled"] is True
    assert rule[0]["apply_server_side_encryption_by_default"]["sse_algorithm"] == "aws:kms"


def test_the_roles_may_use_the_key_for_what_they_read_and_write_alone() -> None:
    stacks = app("dev", {**RUNNING, **EC2, **KEY_FROM_ELSEWHERE})
    assert on_key(stacks["services"], "web_execution") == [(["kms:Decrypt"], "secretsmanager")]
    assert on_key(stacks["services"], "worker_execution") == [(["kms:Decrypt"], "secretsmanager")]
    assert on_key(stacks["services"], "task-role") == [(["kms:GenerateDataKey", "kms:Decrypt"], "s3")]
    assert on_key(stacks["data"], "clickhouse-server_instance") == [(["kms:Decrypt"], "secretsmanager")]


def test_langfuse_encrypts_with_the_key_but_what_browsers_upload() -> None:
    services = app("dev", {**RUNNING, **KEY_FROM_ELSEWHERE})["services"]
    set_by_container = {
        container: {name: value for name, value in variables(services, container).items() if "_SSE" in name}
        for container in ("web", "worker")
    }
    assert set_by_container["worker"].keys() == set(FILLED_WITH_KEY)
    assert set_by_container["web"] == {
        "LANGFUSE_S3_EVENT_UPLOAD_SSE": "aws:kms",
        "LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID": KEY,
    }
    assert {name: value for name, value in set_by_container["worker"].items() if "KEY" in name} == dict.fromkeys(
        ("LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID", "LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID"), KEY
    )


def test_the_own_key_rotates_and_waits_before_it_is_deleted() -> None:
    key, _ = own_key()
    assert (key["enable_key_rotation"], key["deletion_window_in_days"]) == (True, 30)


@pytest.mark.parametrize("protected", [True, False])
def test_nobody_can_schedule_the_deletion_of_a_protected_key(protected: bool) -> None:
    key, statements = own_key(LANGFUSE_AWS__DELETION_PROTECTION=str(protected).lower())
    allowed = any("kms:ScheduleKeyDeletion" in statement["Action"] for statement in statements.values())
    assert allowed is not protected
    assert key["lifecycle"]["prevent_destroy"] is protected


def test_administrators_can_not_use_the_key() -> None:
    _, statements = own_key()
    administration = statements["Administration"]["Action"]
    uses = {action for statement in statements.values() for action in statement["Action"]} - set(administration)
    grants = {"kms:CreateGrant", "kms:RetireGrant"}
    assert uses == {"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", *grants}
    assert not any("*" in action or "Create" in action for action in administration if action != "kms:CreateAlias")
    assert "kms:PutKeyPolicy" in administration


def test_the_key_is_used_through_the_services_that_store() -> None:
    _, statements = own_key()
    for sid in ("UseThroughServices", "GrantsToServices"):
        services = {name.split(".")[0] for name in statements[sid]["Condition"]["StringEquals"]["kms:ViaService"]}
        assert services == {"backup", "dax", "ec2", "elasticache", "logs", "rds", "s3", "secretsmanager", "sns"}
    assert statements["GrantsToServices"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cloudwatch_may_encrypt_every_log_group_of_the_environment(environment: str) -> None:
    _, statements = own_key(environment)
    (patterns,) = statements["CloudWatchLogs"]["Condition"]["ArnLike"].values()
    names = [
        group["name"]
        for stack in app(environment, {**RUNNING, **EC2}).values()
        for group in stack.resources("aws_cloudwatch_log_group").values()
    ]
    assert names
    for name in names:
        assert any(fnmatchcase(name, pattern.rpartition("log-group:")[2]) for pattern in patterns), name
    other = f"/langfuse/{environment}-2/web"
    assert not any(fnmatchcase(other, pattern.rpartition("log-group:")[2]) for pattern in patterns)


@pytest.mark.parametrize(
    ("region", "partition", "logs"),
    [
        ("us-gov-west-1", "aws-us-gov", "logs.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "aws-cn", "logs.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_other_partitions(region: str, partition: str, logs: str) -> None:
    overrides = {"LANGFUSE_AWS__REGION": region, "LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "false", **RUNNING}
    key, statements = own_key(**overrides)
    assert "arn:aws:" not in key["policy"]
    assert statements["Administration"]["Principal"]["AWS"].startswith(f"arn:{partition}:iam::")
    assert statements["CloudWatchLogs"]["Principal"] == {"Service": logs}
    redis = app("dev", {**OWN_KEY, **overrides})["data"].resource("aws_elasticache_replication_group")
    assert ("kms_key_id" in redis) is (partition == "aws-cn"), "ElastiCache takes no key of a customer's in GovCloud"


@pytest.mark.parametrize(
    ("overrides", "state_key"),
    [
        (KEY_FROM_ELSEWHERE, KEY),
        ({**KEY_FROM_ELSEWHERE, "LANGFUSE_AWS__STATE__KMS_KEY_ID": OTHER_KEY}, OTHER_KEY),
        (OWN_KEY, None),
    ],
)
def test_the_key_of_the_state(overrides: dict[str, str], state_key: str | None) -> None:
    for stack in app("dev", overrides).values():
        assert stack.json["terraform"]["backend"]["s3"].get("kms_key_id") == state_key


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({KMS: "ours"}, 'encryption.kms: must be a choice of "aws", "own" or the ARN of a KMS key'),
        ({KMS: KEY.replace("key/", "alias/")}, "must be .* not of an alias"),
        ({KMS: f"own{KEY}"}, "encryption.kms"),
        ({KMS: f"{KEY}own"}, "encryption.kms"),
        ({KMS: KEY.replace("us-east-1", "us-east-2")}, 'encryption.kms .* must start with "arn:aws:kms:us-east-1:'),
        (
            {KMS: KEY, "LANGFUSE_AWS__ALLOWED_ACCOUNT_IDS": '["210987654321"]'},
            "encryption.kms .* must be of an account of allowed_account_ids",
        ),
        *(
            (
                {KMS: kms, f"LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__LANGFUSE_S3_{use_}_SSE": "AES256"},
                f"langfuse.environment.LANGFUSE_S3_{use_}_SSE: is .* with the key of encryption.kms: leave it out",
            )
            for kms in ("own", KEY)
            for use_ in ("EVENT_UPLOAD", "MEDIA_UPLOAD", "BATCH_EXPORT")
        ),
    ],
)
def test_refused_settings(overrides: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as refusal:
        load("dev", overrides)
    assert "\n" not in str(refusal.value)


def test_the_manual_has_the_statements_that_a_key_from_elsewhere_needs() -> None:
    text = Path(__file__).parents[2].joinpath("docs/encryption.md").read_text()
    (block,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    needed = use(ACCOUNT, region="us-east-1", log_groups=load("prod").log_groups)
    assert json.loads(block) == json.loads(json.dumps(needed))


@pytest.fixture
def kms(aws: EmbeddedAws) -> Any:
    return aws.session().client("kms", endpoint_url=aws.url)


def check(aws: EmbeddedAws, arn: str) -> list[tuple[str, str]]:
    return [
        (str(found.verdict), f"{found.evidence}; {found.remedy}")
        for found in encryption_key(Environment(load("dev", {KMS: arn}), aws.session()))
    ]


def test_preflight_accepts_a_key_that_can_encrypt(aws: EmbeddedAws, kms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    ((verdict, _),) = check(aws, kms.create_key()["KeyMetadata"]["Arn"])
    assert verdict == "ok"
    assert check(aws, "aws") == check(aws, "own") == []


def test_preflight_finds_what_is_wrong_with_a_key(aws: EmbeddedAws, kms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    absent, disabled, pending, signing = (
        KEY.replace(ACCOUNT, "000000000000"),
        *(kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)),
        kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"],
    )
    kms.disable_key(KeyId=disabled)
    kms.schedule_key_deletion(KeyId=pending)
    expected = {
        absent: "is absent; correct encryption.kms",
        disabled: f"Disabled.*`aws kms enable-key --key-id {disabled}`",
        pending: f"PendingDeletion.*`aws kms cancel-key-deletion --key-id {pending}`",
        signing: "GENERATE_VERIFY_MAC.*; set encryption.kms to a symmetric key",
    }
    for arn, pattern in expected.items():
        ((verdict, text),) = check(aws, arn)
        assert verdict == "FAILED"
        assert re.search(pattern, text), text
