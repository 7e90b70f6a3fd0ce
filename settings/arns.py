"""The types of settings that are ARNs, and whether an ARN is of the environment's place.

What an ARN must be beyond its form, that its resource exists, ``ops doctor`` and ``ops preflight`` ask AWS.
"""

import re
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from settings.section import each_once

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
KEY_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""What Terraform's S3 backend accepts as a key's id: it checks the version of the UUID."""


def _arn(service: str, resource: str) -> str:
    return f"^arn:aws(-cn|-us-gov)?:{service}:[a-z]{{2}}(-[a-z]+)+-[0-9]:[0-9]{{12}}:{resource}$"


KmsKeyArn = Annotated[
    str,
    Field(
        pattern=_arn("kms", f"(key/({KEY_UUID}|mrk-[0-9a-f]{{32}})|alias/[a-zA-Z0-9/_-]{{1,250}})"),
        description="KMS key ARN",
        examples=["arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"],
    ),
]
CertificateArn = Annotated[
    str,
    Field(
        pattern=_arn("acm", f"certificate/{UUID}"),
        description="ACM certificate ARN",
        examples=["arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"],
    ),
]

# ECS takes the ARN alone, or with a key of the JSON in the secret, a version's stage and its id, each of which may be
# empty: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html.
# No `*` or `?`: the execution role's policy would allow other secrets too.
SECRET_NAME = "[A-Za-z0-9/_+=.@!-]{1,512}-[A-Za-z0-9]{6}"  # noqa: S105
SECRET_KEY = r"(:[!-)+-9;->@-~]{0,256}:([A-Za-z0-9/_+=.@-]{0,256}:|:[0-9a-fA-F-]{32,64}))?"  # noqa: S105
SecretArn = Annotated[
    str,
    Field(
        pattern=_arn("secretsmanager", f"secret:{SECRET_NAME}{SECRET_KEY}"),
        description="full ARN of a Secrets Manager secret, with the six characters at its end",
        examples=["arn:aws:secretsmanager:eu-central-1:123456789012:secret:smtp-AbCdEf"],
    ),
]

# Terraform's S3 backend must accept the ARN too: it encrypts the state with this key.
EncryptionKey = Annotated[
    str,
    Field(
        pattern=rf"^(aws|own|{_arn('kms', f'key/({KEY_UUID}|mrk-[0-9a-f]{{32}})').strip('^$')})$",
        description='choice of "aws", "own" or the ARN of a KMS key, not of an alias',
        examples=["own", "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"],
    ),
]

KEY_ID = f"key/({UUID}|mrk-[0-9a-f]{{32}})"
KEY_EXAMPLE = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-4cde-8f01-23456789abcd"
# How many policies a role, and how many characters a policy may have:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_POLICIES, MOST_KEYS = 20, 5
POLICY_EXAMPLE = "arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess"

PolicyArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/([A-Za-z0-9+=,.@_-]+/)*[A-Za-z0-9+=,.@_-]{1,128}$",
        description="ARN of a managed policy of IAM",
        examples=[POLICY_EXAMPLE],
    ),
]
PolicyArns = Annotated[
    tuple[PolicyArn, ...],
    AfterValidator(each_once),
    Field(
        max_length=MOST_POLICIES,
        description=f"list of at most {MOST_POLICIES} ARNs of managed policies of IAM",
        examples=[[POLICY_EXAMPLE]],
    ),
]
KeyArn = Annotated[
    str,
    Field(
        pattern=rf"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:{KEY_ID}$",
        description="ARN of a KMS key, not of an alias",
        examples=[KEY_EXAMPLE],
    ),
]
KeyArns = Annotated[
    tuple[KeyArn, ...],
    AfterValidator(each_once),
    Field(max_length=MOST_KEYS, description=f"list of at most {MOST_KEYS} ARNs of KMS keys", examples=[[KEY_EXAMPLE]]),
]
OIDC_ISSUER = "token.actions.githubusercontent.com"
"""Who signs the tokens of GitHub Actions."""
OidcProviderArn = Annotated[
    str,
    Field(
        pattern=rf"^arn:aws(-cn|-us-gov)?:iam::[0-9]{{12}}:oidc-provider/{re.escape(OIDC_ISSUER)}$",
        description="ARN of GitHub's OIDC provider",
        examples=[f"arn:aws:iam::123456789012:oidc-provider/{OIDC_ISSUER}"],
    ),
]


class Place(NamedTuple):
    """Where an environment is.

    Args:
        partition: the AWS partition of the Region.
        region: the Region.
        account_ids: the accounts that the environment may be deployed to; empty if every account is allowed.
    """

    partition: str
    region: str
    account_ids: Sequence[str]

    def refusal(self, arn: str, *, region: str | None = None, cause: str | None = None) -> str | None:
        """What an ARN must be, if it is not of this place, or of another ``region`` that the ``cause`` requires."""
        _, _, service, _, account, *_ = arn.split(":")
        beginning = f"arn:{self.partition}:{service}:{region or self.region}:"
        if not arn.startswith(beginning):
            return f'must start with "{beginning}", since {cause or f"region is {self.region}"}'
        if self.account_ids and account not in self.account_ids:
            example = f"{beginning}{self.account_ids[0]}"
            return f'must be of an account of allowed_account_ids, such as "{example}:…"'
        return None
