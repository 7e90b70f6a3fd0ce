"""Requests that KMS refuses because of a key's policy, and that other services refuse because of a key."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, kms, secretsmanager

from local.emulator.rules.rule import Request, refuses


@refuses("kms", "CreateKey", "PutKeyPolicy", code="MalformedPolicyDocumentException")
def policy_locks_everybody_out(request: Request) -> str | None:
    """Whoever sets a policy must be able to change it again.

    See https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html.
    """
    policy = request.get("Policy")
    if not policy or request.get("BypassPolicyLockoutSafetyCheck") or _account_may("kms:PutKeyPolicy", policy):
        return None
    return "The new key policy will not allow you to update the key policy in the future."


@refuses("kms", "ScheduleKeyDeletion", code="AccessDeniedException")
def policy_does_not_allow_deletion(request: Request) -> str | None:
    """IAM policies only count where the key's policy leaves it to them.

    See https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html.
    """
    key = kms._resolve_key(request["KeyId"])
    if key is None or _account_may("kms:ScheduleKeyDeletion", key["Policy"]):
        return None
    return (
        f"User: arn:aws:iam::{get_account_id()}:root is not authorized to perform: kms:ScheduleKeyDeletion on resource:"
        f" {key['Arn']} because no resource-based policy allows the kms:ScheduleKeyDeletion action"
    )


@refuses("logs", "CreateLogGroup", "AssociateKmsKey", code="AccessDeniedException")
def key_not_for_log_group(request: Request) -> str | None:
    """CloudWatch Logs must be allowed to use the key for this log group, by the key's policy.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html.
    """
    name = request.get("logGroupName")
    if not request.get("kmsKeyId") or name is None:
        return None
    arn = cloudwatch_logs._make_group_arn_no_star(name)
    key = _usable(request["kmsKeyId"])
    service = f"logs.{get_region()}.amazonaws.com"
    context = {"kms:EncryptionContext:aws:logs:arn": arn}
    needed = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey")
    if key and all(_allows(key["Policy"], "Service", service, action, context) for action in needed):
        return None
    return f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"


@refuses("rds", "CreateDBInstance", code="KMSKeyNotAccessibleFault")
def key_of_database_unusable(request: Request) -> str | None:
    """See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html."""
    key = request.get("KmsKeyId")
    if not key or _usable(key):
        return None
    return f"The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to access it."


@refuses("elasticache", "CreateReplicationGroup", code="InvalidParameterValue")
def key_of_replication_group_unusable(request: Request) -> str | None:
    """See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html."""
    key = request.get("KmsKeyId")
    return None if not key or _usable(key) else f"The KMS key {key} is not valid or can't be used."


@refuses("secretsmanager", "CreateSecret", "PutSecretValue", code="EncryptionFailure")
def key_of_secret_unusable(request: Request) -> str | None:
    """A secret needs its key when a value is stored.

    See https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html.
    """
    if "SecretString" not in request and "SecretBinary" not in request:
        return None
    _, secret = secretsmanager._resolve(request.get("SecretId", ""))
    key = request.get("KmsKeyId") or (secret or {}).get("KmsKeyId")
    return None if not key or _usable(key) else f"{UNUSABLE}encrypt the protected secret text{CHECK_KEY}"


@refuses("secretsmanager", "GetSecretValue", code="DecryptionFailure")
def key_of_value_unusable(request: Request) -> str | None:
    """See https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html."""
    _, secret = secretsmanager._resolve(request["SecretId"])
    key = (secret or {}).get("KmsKeyId")
    return None if not key or _usable(key) else f"{UNUSABLE}decrypt the protected secret text{CHECK_KEY}"


UNUSABLE = "Secrets Manager can't "
CHECK_KEY = " using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state."


def _usable(key_id: str) -> dict[str, Any] | None:
    """The key, if it is there, enabled and symmetric. Keys of AWS are made when they are needed first."""
    if "alias/aws/" in key_id:
        return {}
    key: dict[str, Any] | None = kms._resolve_key(key_id)
    symmetric = key is not None and key["KeySpec"] == "SYMMETRIC_DEFAULT"
    return key if key and symmetric and key["KeyState"] == "Enabled" else None


def _account_may(action: str, policy: str) -> bool:
    return _allows(policy, "AWS", f"arn:aws:iam::{get_account_id()}:root", action, {})


def _allows(policy: str, kind: str, principal: str, action: str, context: dict[str, str]) -> bool:
    """Whether a statement of a key's policy allows an action to a principal, whatever else denies it."""
    return any(
        statement["Effect"] == "Allow"
        and principal in _principals(statement.get("Principal"), kind)
        and any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _list(statement["Action"]))
        and all(_meets(conditions, context) for conditions in statement.get("Condition", {}).values())
        for statement in _list(json.loads(policy)["Statement"])
    )


def _principals(principal: Any, kind: str) -> Iterator[str]:  # noqa: ANN401
    named = _list(principal.get(kind, [])) if isinstance(principal, dict) else []
    everybody = principal == "*" or named == ["*"]
    account = get_account_id()
    yield from named
    if everybody or account in named:
        yield f"arn:aws:iam::{account}:root"
        yield f"logs.{get_region()}.amazonaws.com"


def _meets(conditions: dict[str, Any], context: dict[str, str]) -> bool:
    return all(
        any(fnmatchcase(context.get(key, ""), pattern) for pattern in _list(patterns))
        for key, patterns in conditions.items()
    )


def _list(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]
