"""GitHub's OIDC provider, by which IAM knows the tokens of GitHub Actions."""

from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from constructs import Construct

from settings.arns import OIDC_ISSUER
from settings.partition import partition_of

AUDIENCE = "sts.amazonaws.com"
"""What the action ``aws-actions/configure-aws-credentials`` asks tokens for, in every partition: China's STS accepts it
too. https://github.com/aws-actions/configure-aws-credentials#oidc-audience"""


class GithubProvider(Construct):
    """The provider. An account has one at most.

    IAM verifies GitHub's certificate by itself, so it has no thumbprint:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html

    A role that trusts ``arn`` must depend on ``resource``. The ARN is known before the provider is made, so that a plan
    shows whom a role is to trust.

    Args:
        region: the AWS region.
        account_id: the account.
    """

    def __init__(self, scope: Construct, id_: str, *, region: str, account_id: str) -> None:
        super().__init__(scope, id_)
        self.resource = IamOpenidConnectProvider(
            self, "provider", url=f"https://{OIDC_ISSUER}", client_id_list=[AUDIENCE]
        )
        self.arn = f"arn:{partition_of(region)}:iam::{account_id}:oidc-provider/{OIDC_ISSUER}"
