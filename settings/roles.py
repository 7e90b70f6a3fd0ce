"""What the settings let the roles do beyond what the stacks need, and where the ARNs of that must be."""

import re
from collections.abc import Iterable, Iterator, Mapping

from settings.arns import KEY_EXAMPLE, KEY_ID
from settings.partition import partition_of

BOUNDARY_CHARACTERS = 1340
"""Characters of the ARNs that settings may add to the boundary of the stack access. A policy has at most 6,144
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), of which the others need up to 4,800."""
ATTACHED_CHARACTERS = 500
"""Characters of the ARNs of ``langfuse.policy_arns`` that fit into the policy of the deploy role that attaches them."""
BUCKET_KEY_VARIABLE = re.compile(r"LANGFUSE_S3_[A-Z_]+_SSE_KMS_KEY_ID")


def bucket_key_arns(environment: Mapping[str, str]) -> dict[str, str]:
    """The KMS keys that Langfuse encrypts objects with (SSE-KMS), by the variable of its containers that names them."""
    return {name: value for name, value in environment.items() if BUCKET_KEY_VARIABLE.fullmatch(name)}


def characters_in_a_policy(arns: Iterable[str]) -> int:
    """The characters that ARNs have in a policy, with their quotation marks and commas."""
    return sum(len(arn) + 3 for arn in arns)


def misplaced_policies(
    arns: Iterable[tuple[str, str]], *, region: str, account_ids: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    """Yields each policy that no role of the environment can have: its setting, its ARN and what is allowed.

    IAM attaches its own account's policies and AWS's:
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
    """
    for key, arn in arns:
        partition, account = arn.split(":")[1], arn.split(":")[4]
        if partition != partition_of(region):
            yield key, arn, f'must start with "arn:{partition_of(region)}:", since region is {region}'
        elif account_ids and account not in ("aws", *account_ids):
            accounts = " or ".join(account_ids)
            yield key, arn, f"must be of the account {accounts} (allowed_account_ids), or one of AWS's own"


def misplaced_keys(arns: Iterable[tuple[str, str]], *, region: str) -> Iterator[tuple[str, str, str]]:
    """Yields each KMS key that its service can't use in ``region``: its setting, its ARN and what is allowed.

    A bucket and its key must be in the same Region, and so must a secret and its key:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    here = f"arn:{partition_of(region)}:kms:{region}:"
    for key, arn in arns:
        if not re.fullmatch(rf"{re.escape(here)}[0-9]{{12}}:{KEY_ID}", arn):
            example = KEY_EXAMPLE.replace("arn:aws:kms:eu-central-1:", here)
            yield key, arn, f"must be the ARN of a KMS key in {region}, such as {example}"
