"""Whether the KMS keys of the tasks' secrets can be used.

Without a key of its own, a secret is encrypted with ``aws/secretsmanager``, which whoever may read the secret may use.
A key of the customer's needs ``kms:Decrypt`` for the execution role too: aws/aws-cdk#17156.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ops.environment import Environment
from ops.findings import Finding, finding
from ops.role import may

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import DescribeSecretResponseTypeDef

PUT_BACK = {
    "Disabled": "`aws kms enable-key --key-id {id}`",
    "PendingDeletion": "`aws kms cancel-key-deletion --key-id {id}`, then `aws kms enable-key --key-id {id}`",
}
"""By the state of a key, how to make it usable again."""


def keys_are_usable(
    environment: Environment, name: str, role_arn: str, described: "Mapping[str, DescribeSecretResponseTypeDef]"
) -> Iterator[Finding]:
    """The customer's keys of the secrets, by variable, are enabled, and the role may decrypt with them."""
    # The same secret may be that of several variables.
    secret_arns_by_key: dict[str, dict[str, str]] = {}
    for variable, secret in described.items():
        if "KmsKeyId" in secret:
            secret_arns_by_key.setdefault(secret["KmsKeyId"], {})[variable] = secret["ARN"]
    for key_id, secret_arns in secret_arns_by_key.items():
        yield from _key_is_usable(environment, name, role_arn, key_id, secret_arns)


def _key_is_usable(
    environment: Environment, name: str, role_arn: str, key_id: str, secret_arns: Mapping[str, str]
) -> Iterator[Finding]:
    kms = environment.session.client("kms")
    check = f"{name} may decrypt {', '.join(secret_arns)}"
    try:
        key = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    except kms.exceptions.NotFoundException:
        yield finding(check, False, f"there is no key {key_id}", "store the secret again, with another key")
        return
    if key["KeyManager"] == "AWS":
        return
    if key["KeyState"] != "Enabled":
        remedy = PUT_BACK.get(key["KeyState"], "make the key usable").format(id=key["KeyId"])
        yield finding(check, False, f"{key['Arn']} is {key['KeyState']}", remedy)
        return
    refused = [arn for arn in secret_arns.values() if not _may_decrypt(environment, role_arn, key, arn)]
    role = role_arn.rpartition("/")[2]
    remedy = f"put {key['Arn']} into langfuse.kms_key_arns, then {environment.deploy_command}"
    evidence = f"{role} {'may not' if refused else 'may'} kms:Decrypt with {key['Arn']}"
    yield finding(check, not refused, evidence, remedy)


def _may_decrypt(environment: Environment, role_arn: str, key: Mapping[str, Any], secret_arn: str) -> bool:
    """Whether the role's policies allow it, or the key's policy names the role."""
    region = environment.settings.region
    context = {
        "kms:ViaService": f"secretsmanager.{region}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": secret_arn,
    }
    if may(environment, role_arn, "kms:Decrypt", key["Arn"], context):
        return True
    kms = environment.session.client("kms")
    return f'"{role_arn}"' in kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
