"""The roles that GitHub Actions plans and deploys with, and the boundary of all roles that the other stacks make.

An administrator deploys it: a role that could deploy it could give itself any right.
"""

import re

from constructs import Construct

from access.policies import policies, values_of
from modules.access.boundary import Boundary
from modules.access.ci_role import CiRole
from modules.access.github_provider import GithubProvider
from settings import Settings
from settings.partition import partition_of
from settings.roles import bucket_key_arns
from stacks.base import LangfuseStack

PLAN_SECONDS = 3600
DEPLOY_SECONDS = 7200
"""An upgrade of PostgreSQL takes longer than an hour, and a session that ends in an apply leaves the state locked."""
REF = "refs/heads/main"
"""The branch that .github/workflows deploys."""
WORKFLOW = ".github/workflows/deploy-environment.yml"
"""The workflow that applies. Another one could run, in the same GitHub environment, what a pull request has sent."""
REPOSITORY_ID = re.compile(r"@[0-9]+")


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
        values = values_of(settings, account=str(settings.account_id))
        repository = f"repo:{settings.access.repository}"
        plan = CiRole(
            self,
            "plan",
            name=f"{settings.global_prefix}-plan",
            description=f"Plans {settings.prefix} from GitHub Actions",
            provider_arn=provider_arn,
            depends_on=provider,
            subjects=[f"{repository}:pull_request", f"{repository}:ref:{REF}"],
            claims={},
            session_seconds=PLAN_SECONDS,
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
            claims=_of_the_workflow(settings) if partition_of(settings.region) == "aws" else {},
            session_seconds=DEPLOY_SECONDS,
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
            environment=settings.default_tags["Environment"],
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


def _of_the_workflow(settings: Settings) -> dict[str, str]:
    """The claims of a job of the workflow that applies. Only a token's subject has the repository's IDs."""
    repository = REPOSITORY_ID.sub("", str(settings.access.repository))
    return {"ref": REF, "job_workflow_ref": f"{repository}/{WORKFLOW}@{REF}"}
