"""Tests that one environment can be deployed in two Regions of an account, as far as names are concerned."""

from collections.abc import Iterator, Mapping

import pytest

from tests.environments import ACCESS, DOMAIN, EC2, ENVIRONMENTS
from tests.synthesis import app

GLOBAL_NAMES = {
    "aws_iam_role": "name",
    "aws_iam_policy": "name",
    "aws_iam_instance_profile": "name",
    "aws_cloudwatch_dashboard": "dashboard_name",
    "aws_cloudfront_response_headers_policy": "name",
}
"""The types whose names an account has once for all Regions, with the attribute."""
WITHOUT_GLOBAL_NAME = {
    "aws_iam_openid_connect_provider": "an account has one: the second environment names that of the first",
    "aws_iam_role_policy": "its name is the role's",
    "aws_iam_role_policy_attachment": "it has no name",
    "aws_cloudfront_distribution": "CloudFront makes its id",
    "aws_route53_record": "its name is the zone's; users choose that of the domain",
    "aws_route53_zone": "several may have the same name",
}
"""The other types of services that have no Region, and why they do not collide."""
SERVICES_WITHOUT_REGION = ("aws_iam_", "aws_cloudfront_", "aws_route53_", "aws_cloudwatch_dashboard", "aws_globalaccel")
CLOUDFRONT = {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"}
WITH_REGION = {"LANGFUSE_AWS__REGION_IN_GLOBAL_NAMES": "true"}
ELSEWHERE = {"LANGFUSE_AWS__REGION": "eu-west-1"}


def global_names(environment: str, variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for stack in app(environment, variables).values():
        for type_, attribute in GLOBAL_NAMES.items():
            yield from ((type_, resource[attribute]) for resource in stack.resources(type_).values())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("mode", [EC2, ACCESS, {}], ids=["ec2", "access", "as it is"])
def test_the_region_keeps_the_names_of_two_regions_apart(environment: str, mode: Mapping[str, str]) -> None:
    here = set(global_names(environment, mode))
    assert {type_ for type_, _ in here} >= {"aws_iam_role", "aws_cloudwatch_dashboard"}
    assert here == set(global_names(environment, {**mode, **ELSEWHERE})), "by default, they collide: see the docs"
    apart = set(global_names(environment, {**mode, **ELSEWHERE, **WITH_REGION}))
    assert len(apart) == len(here)
    assert not here & apart
    assert not apart & set(global_names(environment, {**mode, **WITH_REGION}))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_else_changes(environment: str) -> None:
    """The setting changes no other name, and no address."""
    before, after = app(environment), app(environment, WITH_REGION)
    for id_, stack in before.items():
        assert stack.addresses() == after[id_].addresses()
        for type_, resources in stack.json["resource"].items():
            if type_ not in GLOBAL_NAMES:
                assert resources == after[id_].resources(type_)


def test_every_type_of_a_service_without_region_is_known() -> None:
    """A new type is added to one of the two tables above; a name that is global takes ``settings.global_prefix``."""
    stacks = [
        stack
        for environment, variables in (("dev", ACCESS), ("prod", DOMAIN), ("prod", CLOUDFRONT))
        for stack in app(environment, variables).values()
    ]
    types = {type_ for stack in stacks for type_ in stack.json["resource"]}
    assert {type_ for type_ in types if type_.startswith(SERVICES_WITHOUT_REGION)} == {
        *GLOBAL_NAMES,
        *WITHOUT_GLOBAL_NAME,
    }
