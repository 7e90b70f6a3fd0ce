"""A role that workflows of GitHub Actions assume."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules.access.github_provider import AUDIENCE
from modules.policy_document import document
from settings.arns import OIDC_ISSUER


class CiRole(Construct):
    """A role for workflows of GitHub Actions, with its policies attached.

    IAM attaches 10 policies to a role unless the account's quota is raised, each of at most 6,144 characters:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

    Args:
        name: the role's name, which the policies' names start with.
        description: what it is for.
        provider_arn: GitHub's OIDC provider.
        depends_on: the provider, if the stack makes it.
        subjects: the subjects of the tokens that it trusts, each exactly:
            https://docs.github.com/en/actions/reference/security/oidc
        claims: what else the tokens must say, each exactly. IAM knows such claims in the partition ``aws`` only:
            https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/
        session_seconds: how long a job may use the role at most, from 3600 on.
        policies: the policy documents, by what they are for.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        description: str,
        provider_arn: str,
        depends_on: Sequence[ITerraformDependable],
        subjects: Sequence[str],
        claims: Mapping[str, str],
        session_seconds: int,
        policies: Mapping[str, Mapping[str, Any]],
    ) -> None:
        super().__init__(scope, id_)
        trusted = {"aud": AUDIENCE, "sub": subjects, **claims}
        role = IamRole(
            self,
            "role",
            name=name,
            description=description,
            max_session_duration=session_seconds,
            depends_on=depends_on,
            assume_role_policy=document(
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": provider_arn},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": {f"{OIDC_ISSUER}:{name}": value for name, value in trusted.items()}},
                }
            ),
        )
        for purpose, policy in policies.items():
            managed = IamPolicy(
                self,
                purpose,
                name=f"{name}-{purpose}",
                description=f"{description}: {purpose}",
                # Without white space, as IAM counts its characters.
                policy=json.dumps(policy, separators=(",", ":")),
            )
            IamRolePolicyAttachment(self, f"{purpose}-attachment", role=role.name, policy_arn=managed.arn)
        self.arn = role.arn
