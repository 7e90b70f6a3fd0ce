"""Names that an account has once for all its Regions, and that another deployment has already."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ops.environment import Environment
from ops.findings import Finding, finding
from settings import Settings
from settings.arns import OIDC_ISSUER
from settings.sections.service_size import SERVICES

GITHUB_PROVIDER = "GitHub's provider"
REGION_IN_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-[0-9]+):")


class Taken(NamedTuple):
    """A name that is taken, with the tags and the Regions of what has it, as far as AWS tells."""

    name: str
    tags: Mapping[str, str]
    regions: set[str]


def role_names(settings: Settings) -> list[str]:
    """The names of the IAM roles that a deploy makes."""
    names = ["task", *(f"{SERVICES[service].id}-execution" for service in settings.services)]
    if not settings.network.vpc_id:
        names.append("flow-logs")
    if settings.clickhouse.mode == "ec2":
        names += ["clickhouse", "clickhouse-backups"]
    if settings.access.is_set:
        names += ["plan", "deploy"]
    return [f"{settings.global_prefix}-{name}" for name in names]


def instance_profile_names(settings: Settings) -> list[str]:
    """The names of the instance profiles that a deploy makes."""
    return [f"{settings.global_prefix}-clickhouse"] if settings.clickhouse.mode == "ec2" else []


def iam_names(environment: Environment) -> Iterator[Finding]:
    """No other deployment has the names of the roles and of the instance profile: IAM has one set for all Regions."""
    names = _not_owned(environment, "aws_iam_role", role_names(environment.settings))
    taken = [*_roles(environment, names), *_instance_profiles(environment)]
    names = [name for name, _, _ in taken]
    regions = set().union(*(regions for _, _, regions in taken))
    if environment.settings.region_in_global_names:
        regions = {environment.settings.region}
    where = f" in {', '.join(sorted(regions))}" if regions else ""
    owners = sorted({_owner(one.tags) for one in taken})
    yield finding(
        "IAM names",
        not taken,
        f"{', '.join(names)}: of {', '.join(owners)}{where}" if taken else "they are free",
        _remedy(environment, owners, regions),
    )


def github_provider(environment: Environment) -> Iterator[Finding]:
    """An account has one OIDC provider of GitHub: the stack access makes it, or the settings name it."""
    access = environment.settings.access
    if not access.is_set:
        return
    answer = environment.session.client("iam").list_open_id_connect_providers()
    arns = [provider["Arn"] for provider in answer["OpenIDConnectProviderList"]]
    there = next((arn for arn in arns if arn.endswith(f":oidc-provider/{OIDC_ISSUER}")), None)
    if access.oidc_provider_arn:
        evidence = there or "the account has none"
        remedy = "take `access.oidc_provider_arn` out: the stack access makes it"
        yield finding(GITHUB_PROVIDER, there == access.oidc_provider_arn, evidence, remedy)
        return
    owned = any(resource.type == "aws_iam_openid_connect_provider" for resource in environment.resources)
    evidence = "the stack access makes it" if owned or not there else f"the account has it already: {there}"
    remedy = f'`oidc_provider_arn = "{there}"` in the section [access] (docs/access.md)'
    yield finding(GITHUB_PROVIDER, owned or not there, evidence, remedy)


def roles_of_other_regions(environment: Environment) -> list[str]:
    """The names of roles whose policies are about other Regions only. It reads no state, which may be lost."""
    region = environment.settings.region
    roles = _roles(environment, role_names(environment.settings))
    return [role.name for role in roles if role.regions and region not in role.regions]


def dashboard(environment: Environment) -> Iterator[Finding]:
    """No other Region has the dashboard, which the deploy would overwrite: CloudWatch has one set for all Regions."""
    name = environment.settings.global_prefix
    cloudwatch = environment.session.client("cloudwatch")
    pages = cloudwatch.get_paginator("list_dashboards").paginate(DashboardNamePrefix=name)
    exists = name in [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]]
    # Each graph names the Region of its metrics.
    body = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"] if exists else "{}"
    regions = {str(widget.get("properties", {}).get("region")) for widget in json.loads(body).get("widgets", ())}
    elsewhere = ", ".join(sorted(regions - {environment.settings.region, "None"}))
    evidence = f"{name} shows {elsewhere}: a deploy overwrites it" if elsewhere else f"{name} is free"
    yield finding("dashboard's name", not elsewhere, evidence, _apart(environment))


def _roles(environment: Environment, names: list[str]) -> Iterator[Taken]:
    iam = environment.session.client("iam")
    for name in names:
        try:
            role = iam.get_role(RoleName=name)["Role"]
        except iam.exceptions.NoSuchEntityException:
            continue
        pages = iam.get_paginator("list_role_policies").paginate(RoleName=name)
        policies = [
            json.dumps(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
            for page in pages
            for policy in page["PolicyNames"]
        ]
        # A role has no Region, but its policies name log groups and secrets.
        yield Taken(name, _tags(role), set(REGION_IN_ARN.findall(" ".join(policies))))


def _instance_profiles(environment: Environment) -> Iterator[Taken]:
    iam = environment.session.client("iam")
    names = instance_profile_names(environment.settings)
    for name in _not_owned(environment, "aws_iam_instance_profile", names):
        try:
            profile = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        except iam.exceptions.NoSuchEntityException:
            continue
        yield Taken(f"the profile {name}", _tags(profile), set())


def _not_owned(environment: Environment, type_: str, names: list[str]) -> list[str]:
    """The names that the environment's own state does not have."""
    owned = {resource.attributes.get("name") for resource in environment.resources if resource.type == type_}
    return [name for name in names if name not in owned]


def _tags(resource: Any) -> dict[str, str]:  # noqa: ANN401
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", ())}


def _owner(tags: Mapping[str, str]) -> str:
    """Project and environment, by the tags that every resource of a deployment has."""
    return f"{tags.get('Project', '?')} {tags.get('Environment', '?')}"


def _remedy(environment: Environment, owners: list[str], regions: set[str]) -> str:
    settings = environment.settings
    if owners != [_owner({"Project": "langfuse", "Environment": settings.name, **settings.tags})]:
        return f"they are of something else: {_apart(environment)}"
    if regions == {settings.region}:
        return "they are left from a deploy that was interrupted: `ops recover`"
    if regions:
        return _apart(environment)
    return f"`ops recover`, if a deploy was interrupted here; if {settings.name} is in another Region: " + _apart(
        environment
    )


def _apart(environment: Environment) -> str:
    """How this environment gets names of its own."""
    if environment.settings.region_in_global_names:
        return "choose another name of the environment"
    return "`region_in_global_names = true`, or another name of the environment (docs/several-environments.md)"
