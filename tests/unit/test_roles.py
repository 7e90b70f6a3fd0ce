"""Tests of what the settings let the roles do, and of their permissions boundary."""

import json
from typing import Any

import pytest

from settings import SettingsError
from tests.environments import EC2, ENVIRONMENTS, EXTERNAL, RUNNING, load
from tests.synthesis import SynthesizedStack, app

KEY = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"
THIRD_KEY = "arn:aws:kms:us-east-1:123456789012:key/76543210-89ab-4cde-8f01-23456789abcd"
OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef"
POLICY = "arn:aws:iam::aws:policy/AmazonBedrockReadOnly"
OWN_POLICY = "arn:aws:iam::123456789012:policy/teams/ml/send-mail"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"

POLICY_ARNS = "LANGFUSE_AWS__LANGFUSE__POLICY_ARNS"
KMS_KEY_ARNS = "LANGFUSE_AWS__LANGFUSE__KMS_KEY_ARNS"
BOUNDARY_ARN = "LANGFUSE_AWS__PERMISSIONS_BOUNDARY_ARN"
SECRET_ARN = "LANGFUSE_AWS__LANGFUSE__SECRETS__ANY"  # noqa: S105  # pragma: allowlist secret
ENVIRONMENT = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__"

POLICIES = [POLICY, OWN_POLICY, POLICY.replace("::aws:", "::123456789012:")]
OBJECT_KEYS = {
    "LANGFUSE_S3_EVENT_UPLOAD_SSE": "aws:kms",
    "LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID": THIRD_KEY,
    "LANGFUSE_S3_MEDIA_UPLOAD_SSE": "aws:kms",
    "LANGFUSE_S3_MEDIA_UPLOAD_SSE_KMS_KEY_ID": THIRD_KEY,
    "LANGFUSE_S3_BATCH_EXPORT_SSE": "aws:kms",
    "LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID": OTHER_KEY,
}
GIVEN = {
    **RUNNING,
    BOUNDARY_ARN: BOUNDARY,
    POLICY_ARNS: json.dumps(POLICIES),
    KMS_KEY_ARNS: json.dumps([KEY, OTHER_KEY]),
    SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:any-AbCdEf",  # pragma: allowlist secret
    **{f"{ENVIRONMENT}{name}": value for name, value in OBJECT_KEYS.items()},
}
EVERYTHING = {**GIVEN, **EC2}


def statements(stack: SynthesizedStack, role: str) -> list[dict[str, Any]]:
    """Returns the statements of the roles' policies, by what the policies' names start with."""
    policies = stack.resources("aws_iam_role_policy").items()
    return [
        statement
        for name, policy in policies
        if name.startswith(role)
        for statement in json.loads(policy["policy"])["Statement"]
    ]


def on_keys(stack: SynthesizedStack, role: str) -> list[dict[str, Any]]:
    return [statement for statement in statements(stack, role) if "kms:Decrypt" in statement["Action"]]


def attached(stack: SynthesizedStack) -> dict[str, str]:
    """Returns the ARNs of the managed policies, by their addresses."""
    attachments = stack.resources("aws_iam_role_policy_attachment")
    return {name: attachment["policy_arn"] for name, attachment in attachments.items()}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("clickhouse", [EC2, EXTERNAL])
def test_every_role_has_the_permissions_boundary(environment: str, clickhouse: dict[str, str]) -> None:
    stacks = app(environment, {**GIVEN, **clickhouse})
    roles = [role for stack in stacks.values() for role in stack.resources("aws_iam_role").values()]
    assert len(roles) == (6 if clickhouse == EC2 else 4)
    assert {role.get("permissions_boundary") for role in roles} == {BOUNDARY}


def test_policies_are_attached_to_the_task_role_alone() -> None:
    """One of AWS's policies may have the name of an own one."""
    services = app(overrides=EVERYTHING)["services"]
    assert sorted(attached(services).values()) == sorted(POLICIES)
    for attachment in services.resources("aws_iam_role_policy_attachment").values():
        assert attachment["role"].startswith("${aws_iam_role.task-role_")
    for service in services.resources("aws_ecs_service").values():
        assert {f"aws_iam_role_policy_attachment.{name}" for name in attached(services)} <= set(service["depends_on"])


def test_another_order_of_the_policies_attaches_none_again() -> None:
    other_order = app(overrides={POLICY_ARNS: json.dumps(POLICIES[::-1])})["services"]
    assert attached(other_order) == attached(app(overrides=EVERYTHING)["services"])


def test_keys_of_secrets_are_for_the_execution_roles_through_secrets_manager() -> None:
    services = app(overrides=EVERYTHING)["services"]
    allowed = {
        "Effect": "Allow",
        "Action": ["kms:Decrypt"],
        "Resource": [KEY, OTHER_KEY],
        "Condition": {"StringEquals": {"kms:ViaService": ["secretsmanager.us-east-1.amazonaws.com"]}},
    }
    assert on_keys(services, "web_execution-role") == [allowed]
    assert on_keys(services, "worker_execution-role") == [allowed]


def test_keys_of_objects_are_for_the_task_role_through_s3() -> None:
    """Each key once: two variables name the same one."""
    assert on_keys(app(overrides=EVERYTHING)["services"], "task-role") == [
        {
            "Effect": "Allow",
            "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
            "Resource": [THIRD_KEY, OTHER_KEY],
            "Condition": {"StringEquals": {"kms:ViaService": ["s3.us-east-1.amazonaws.com"]}},
        }
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_without_these_settings_no_role_has_a_right_on_a_key(environment: str) -> None:
    for stack in app(environment, RUNNING).values():
        assert on_keys(stack, "") == []
    assert attached(app(environment, RUNNING)["services"]) == {}


@pytest.mark.parametrize("stack", ["network", "data", "services"])
def test_no_wildcard_in_a_policy_comes_from_a_setting(stack: str) -> None:
    """The resources with a wildcard are the stacks' own: they are the same with and without settings."""

    def with_wildcard(overrides: dict[str, str]) -> list[str]:
        resources = [resource for s in statements(app(overrides=overrides)[stack], "") for resource in s["Resource"]]
        return sorted(resource for resource in resources if "*" in resource or "?" in resource)

    assert with_wildcard(EVERYTHING) == with_wildcard(RUNNING)


WRONG = [
    # variable, value, parts of the error message
    (POLICY_ARNS, f'["{POLICY}", "{POLICY}"]', ["langfuse.policy_arns", "twice"]),
    (POLICY_ARNS, '["AmazonBedrockReadOnly"]', ["langfuse.policy_arns"]),
    (POLICY_ARNS, '["arn:aws:iam::aws:policy/*"]', ["langfuse.policy_arns"]),
    (POLICY_ARNS, '["arn:aws:iam::123456789012:role/x"]', ["langfuse.policy_arns"]),
    (POLICY_ARNS, '["arn:aws-cn:iam::aws:policy/x"]', ["langfuse.policy_arns", "arn:aws:", "region is us-east-1"]),
    (POLICY_ARNS, '["arn:aws:iam::210987654321:policy/x"]', ["langfuse.policy_arns", "account 123456789012"]),
    (BOUNDARY_ARN, "arn:aws:iam::210987654321:policy/x", ["permissions_boundary_arn", "account 123456789012"]),
    (BOUNDARY_ARN, "boundary", ["permissions_boundary_arn"]),
    (KMS_KEY_ARNS, f'["{KEY}", "{KEY}"]', ["langfuse.kms_key_arns", "twice"]),
    (KMS_KEY_ARNS, '["arn:aws:kms:us-east-1:123456789012:key/*"]', ["langfuse.kms_key_arns"]),
    (KMS_KEY_ARNS, '["arn:aws:kms:us-east-1:123456789012:alias/x"]', ["langfuse.kms_key_arns"]),
    (KMS_KEY_ARNS, json.dumps([KEY.replace("us-east-1", "us-west-2")]), ["langfuse.kms_key_arns", "in us-east-1"]),
    (
        f"{ENVIRONMENT}LANGFUSE_S3_EVENT_UPLOAD_SSE_KMS_KEY_ID",
        "alias/x",
        ["_SSE_KMS_KEY_ID", "such as arn:aws:kms:us-"],
    ),
    (f"{ENVIRONMENT}LANGFUSE_S3_MEDIA_UPLOAD_SSE_KMS_KEY_ID", "*", ["_SSE_KMS_KEY_ID", "such as arn:aws:kms:us-"]),
]


@pytest.mark.parametrize(("variable", "value", "parts"), WRONG)
def test_a_right_on_what_can_not_be_is_refused(variable: str, value: str, parts: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load("dev", {"LANGFUSE_AWS__ALLOWED_ACCOUNT_IDS": '["123456789012"]', variable: value})
    assert all(part in str(raised.value) for part in parts), raised.value
