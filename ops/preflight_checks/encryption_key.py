"""Whether the KMS key that ``encryption.kms`` names can encrypt what the stacks store."""

from collections.abc import Iterator
from typing import Any

from ops.environment import Environment
from ops.findings import Finding, finding

SYMMETRIC = "SYMMETRIC_DEFAULT"
PUT_BACK = {
    "Disabled": "`aws kms enable-key --key-id {arn}`",
    "PendingDeletion": "`aws kms cancel-key-deletion --key-id {arn}`, then `aws kms enable-key --key-id {arn}`",
}
"""By the state of a key, how to make it usable again."""


def encryption_key(environment: Environment) -> Iterator[Finding]:
    """It exists in this account, is enabled, and is symmetric."""
    arn = environment.settings.encryption.key_arn
    if arn is None:
        return
    kms: Any = environment.session.client("kms")
    try:
        key = kms.describe_key(KeyId=arn)["KeyMetadata"]
    except kms.exceptions.NotFoundException:
        yield finding("encryption key", False, f"{arn} is absent", "correct encryption.kms")
        return
    account = environment.session.client("sts").get_caller_identity()["Account"]
    owner = key["Arn"].split(":")[4]
    own = owner == account
    symmetric = (key["KeySpec"], key["KeyUsage"]) == (SYMMETRIC, "ENCRYPT_DECRYPT")
    evidence = f"it is {key['KeyState']}, {key['KeySpec']}, for {key['KeyUsage']}, of the account {owner}"
    remedy = PUT_BACK.get(key["KeyState"], "make the key usable").format(arn=arn)
    if not (own and symmetric):
        remedy = f"set encryption.kms to a symmetric key of the account {account}, for ENCRYPT_DECRYPT"
    yield finding("encryption key", own and symmetric and key["KeyState"] == "Enabled", evidence, remedy)
