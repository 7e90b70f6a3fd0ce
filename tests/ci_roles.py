"""Deploys and plans environments with the roles that CI has, where their settings make them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from ops.apply import ADMINISTRATORS_STACK
from settings import Settings
from tests.environments import load
from tests.recorded_calls import recording

GRAPH = ("network", "data", "services")
"""What the deploy role deploys: all stacks but the one with the roles, which was deployed before."""
NAMED_OUTSIDE = ("__DOMAIN__NAME", "__DOMAIN__HOSTED_ZONE_ID", "__MAIL__FROM_ADDRESS", "__MAIL__HOSTED_ZONE_ID")
"""Ends of variables of what policies name, and what is outside of the environment."""
NOBODYS = {"AWS_SDK_UA_APP_ID": "administrator"}
"""So that what an administrator calls is not recorded as a call of a role."""

DEPLOYS = ".github/workflows/deploy-environment.yml"
NOBODYS_CLAIMS = {
    "a pull request": {"sub": "repo:acme/langfuse:pull_request"},
    "no GitHub environment": {"sub": "repo:acme/langfuse:ref:refs/heads/main"},
    "another GitHub environment": {"sub": "repo:acme/langfuse:environment:prod"},
    "another owner": {"sub": "repo:evil/langfuse:environment:dev"},
    "another repository": {"sub": "repo:acme/langfuse-fork:environment:dev"},
    "another branch": {"ref": "refs/heads/any"},
    "another workflow": {"job_workflow_ref": "acme/langfuse/.github/workflows/any.yml@refs/heads/main"},
    "another branch's workflow": {"job_workflow_ref": f"acme/langfuse/{DEPLOYS}@refs/heads/any"},
    "another repository's workflow": {"job_workflow_ref": f"evil/langfuse/{DEPLOYS}@refs/heads/main"},
    "another audience": {"aud": "any"},
    "another issuer": {"iss": "https://evil.example"},
}
"""The claim in which a token differs from one that the deploy role of ``dev`` accepts, by what it is."""
NOT_ASSUMED = r"Not authorized to perform sts:AssumeRoleWithWebIdentity|InvalidIdentityToken"


@dataclass(frozen=True)
class CiDeployment(Deployment):
    """An environment that the deploy role deploys and destroys, and the plan role plans.

    ``administrator`` is the same environment with the rights of an administrator, and the stack ``access`` alone.
    """

    administrator: Deployment = field(kw_only=True)
    deploying: Mapping[str, str] = field(kw_only=True)
    """The variables with the deploy role's credentials, which are in ``variables`` too."""
    planning: Mapping[str, str] = field(kw_only=True)
    """The variables with the plan role's credentials."""


def with_ci_roles(deployment: Deployment) -> Deployment:
    """Deploys the stack ``access`` as an administrator, if the settings have it. Whatever follows has CI's roles.

    While calls are recorded, nothing limits them.
    """
    settings = settings_of(deployment)
    if not settings.access.is_set:
        return deployment
    administrator = replace(deployment, variables={**deployment.variables, **NOBODYS}, stacks=(ADMINISTRATORS_STACK,))
    assert administrator.deploy() == 0
    roles = administrator.outputs()[ADMINISTRATORS_STACK]
    deploying, planning = (
        credentials(deployment.aws, str(roles[f"{role}_role_arn"]), claims)
        for role, claims in (("deploy", deploy_claims(settings)), ("plan", plan_claims(settings)))
    )
    return CiDeployment(
        deployment.aws,
        deployment.folder,
        {**deployment.variables, **deploying},
        deployment.report,
        GRAPH,
        administrator=administrator,
        deploying=deploying,
        planning=planning,
    )


def operators_environment(deployment: Deployment) -> dict[str, str]:
    """The environment variables of commands that an operator runs, with more rights than CI has."""
    return deployment.administrator.environment if isinstance(deployment, CiDeployment) else deployment.environment


def with_settings(deployment: Deployment, variables: Mapping[str, str]) -> Deployment:
    """The deployment with other settings. Its roles are changed already, as an administrator does it first.

    What is no more in a zone or a domain that the settings named must still be allowed to go: see ``with_roles_after``.
    """
    if not isinstance(deployment, CiDeployment):
        return replace(deployment, variables=variables)
    named = {name: value for name, value in deployment.administrator.variables.items() if name.endswith(NAMED_OUTSIDE)}
    # The settings refuse a mail server beside SES.
    before = {name: value for name, value in variables.items() if not name.endswith("__MAIL__SMTP_SECRET_ARN")}
    administrator = replace(deployment.administrator, variables={**named, **before, **NOBODYS})
    assert administrator.deploy() == 0
    return replace(deployment, variables={**variables, **deployment.deploying}, administrator=administrator)


def with_roles_after(deployment: Deployment) -> Deployment:
    """The deployment, once an administrator has taken away what its roles need no more."""
    if not isinstance(deployment, CiDeployment):
        return deployment
    own = {name: value for name, value in deployment.variables.items() if name not in deployment.deploying}
    administrator = replace(deployment.administrator, variables={**own, **NOBODYS})
    assert administrator.deploy() == 0
    return replace(deployment, administrator=administrator)


def settings_of(deployment: Deployment) -> Settings:
    """The settings that a deployment has."""
    return load(deployment.variables["LANGFUSE_ENV"], deployment.variables)


def deploy_claims(settings: Settings) -> dict[str, str]:
    """What the token of the job says that applies on ``main``, as far as IAM knows it."""
    return _claims(settings, f"environment:{settings.name}", "deploy-environment.yml", "refs/heads/main")


def plan_claims(settings: Settings) -> dict[str, str]:
    """What the token of the job says that plans a pull request."""
    return _claims(settings, "pull_request", "pull-request.yml", "refs/pull/1/merge")


def _claims(settings: Settings, subject: str, workflow: str, ref: str) -> dict[str, str]:
    """https://docs.github.com/en/actions/reference/security/oidc. Only the subject may have the repository's IDs."""
    repository = "/".join(part.partition("@")[0] for part in str(settings.access.repository).split("/"))
    return {
        "sub": f"repo:{settings.access.repository}:{subject}",
        "repository": repository,
        "ref": ref,
        "job_workflow_ref": f"{repository}/.github/workflows/{workflow}@{ref}",
    }


def credentials(aws: EmbeddedAws, role_arn: str, claims: Mapping[str, str]) -> dict[str, str]:
    """The variables with a session's credentials, of a job whose token says this.

    None while calls are recorded: nothing limits what is called then.
    """
    if recording():
        return {}
    session = aws.assume(role_arn, claims)
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {name: session.environment[name] for name in names}
