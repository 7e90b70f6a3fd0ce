"""The roles that GitHub Actions plans and deploys with, and the boundary of all roles that the other stacks make.

An administrator deploys it: a role that could deploy it could give itself any right.
"""

from collections.abc import Mapping

from constructs import Construct

from access.policies import policies
from modules.access.boundary import Boundary
from modules.access.ci_role import CiRole
from modules.access.github_provider import GithubProvider
from settings import Settings
from settings.partition import partition_of
from settings.roles import bucket_key_arns
from stacks.base import LangfuseStack

BRANCH = "main"
"""The branch that .github/workflows deploys."""


class AccessStack(LangfuseStack):
    """GitHub's OIDC provider, a role that plans, a role that deploys, and the permissions boundary.

    The settings must have ``access.repository``. No stack reads its state: they know the ARN of the boundary.
    """

    has_roles_boundary = False

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_, settings)
        provider_arn, provider = settings.access.oidc_provider_arn, []
        if not provider_arn:
            made = GithubProvider(self, "github", region=settings.region, account_id=str(settings.account_id))
            provider_arn, provider = made.arn, [made.resource]
        if not settings.permissions_boundary_arn:
            self._boundary(settings)
        values = policy_values(settings)
        repository = f"repo:{settings.access.repository}"
        plan = CiRole(
            self,
            "plan",
            name=f"{settings.global_prefix}-plan",
            description=f"Plans {settings.prefix} from GitHub Actions",
            provider_arn=provider_arn,
            depends_on=provider,
            subjects=[f"{repository}:pull_request", f"{repository}:ref:refs/heads/{BRANCH}"],
            branch=None,
            policies=policies("plan", values),
        )
        deploy = CiRole(
            self,
            "deploy",
            name=f"{settings.global_prefix}-deploy",
            description=f"Deploys {settings.prefix} from GitHub Actions",
            provider_arn=provider_arn,
            depends_on=provider,
            subjects=[f"{repository}:environment:{settings.name}"],
            branch=BRANCH if values["partition"] == "aws" else None,
            policies=policies("deploy", values),
        )
        self.add_outputs({"plan_role_arn": plan.arn, "deploy_role_arn": deploy.arn})

    def _boundary(self, settings: Settings) -> None:
        partition, account_id = partition_of(settings.region), str(settings.account_id)
        own_key = f"arn:{partition}:kms:{settings.region}:{account_id}:key/*"
        images = (settings.langfuse.web_image, settings.langfuse.worker_image)
        Boundary(
            self,
            "boundary",
            name=settings.boundary_name,
            prefix=settings.prefix,
            log_groups=settings.log_groups,
            region=settings.region,
            account_id=account_id,
            key_arn=own_key if settings.encryption.kms == "own" else settings.encryption.key_arn,
            secret_arns=settings.foreign_secret_arns,
            secret_key_arns=settings.langfuse.kms_key_arns,
            bucket_key_arns=sorted(set(bucket_key_arns(settings.langfuse.environment).values())),
            ecr_repository_arns=[arn for image in images if (arn := image.ecr_repository_arn)],
            mail_address=settings.mail.sender if settings.mail.uses_ses else None,
        )


def policy_values(settings: Settings) -> dict[str, str]:
    """What the placeholders in the templates of ``access/`` stand for; those that the settings leave out are missing.

    The settings must have ``access.repository``.
    """
    optional: Mapping[str, str | None] = {
        "vpc_id": settings.network.vpc_id,
        "hosted_zone_id": settings.domain.hosted_zone_id,
        "mail_hosted_zone_id": settings.mail.hosted_zone_id,
        "mail_domain": settings.mail.domain if settings.mail.hosted_zone_id else None,
        "key": settings.encryption.key_arn,
        "state_key": settings.state_kms_key_id,
    }
    return {
        "prefix": settings.prefix,
        "global_prefix": settings.global_prefix,
        "region": settings.region,
        "account": str(settings.account_id),
        "partition": partition_of(settings.region),
        "state_bucket": settings.state.bucket,
        "environment": settings.default_tags["Environment"],
        "project": settings.default_tags["Project"],
        "boundary": str(settings.roles_boundary_arn),
        **{name: value for name, value in optional.items() if value},
    }
