"""The roles that GitHub Actions plans and deploys with."""

from typing import Self

from pydantic import model_validator

from settings.arns import OidcProviderArn
from settings.field_types import GithubRepository
from settings.section import Section, refuse


class Access(Section):
    """The roles that GitHub Actions plans and deploys with, which the stack ``access`` makes: [Roles](access.md).

    By default, there is no such stack.
    """

    repository: GithubRepository | None = None
    """Repository on GitHub whose workflows may use the two roles: the plan role on pull requests and on ``main``, the
    deploy role in ``deploy-environment.yml`` on ``main``, in the GitHub environment that has the environment's name.
    GitHub gives repositories that were made or renamed since the middle of 2026 subjects with their IDs: write it as
    the subject has it, ``acme@1234/langfuse@5678`` ([how to see it](access.md#the-first-time)). It needs exactly one
    account in ``allowed_account_ids``.

    With it, every IAM role of the other stacks has the permissions boundary ``<prefix>-boundary``, unless
    ``permissions_boundary_arn`` names another, and ``langfuse.policy_arns`` needs that one. **An administrator deploys
    the stack ``access``**, before the others: ``make deploy ARGS=access``."""
    oidc_provider_arn: OidcProviderArn | None = None
    """GitHub's OIDC provider, if the account has it already: an account has one, so the second environment there names
    that of the first. By default, the stack makes it. It needs ``repository``."""

    @property
    def is_set(self) -> bool:
        """Whether there is a stack with the roles."""
        return self.repository is not None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.oidc_provider_arn and not self.repository:
            refuse("oidc_provider_arn", self.oidc_provider_arn, "needs repository beside it")
        return self
