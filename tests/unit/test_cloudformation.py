"""Tests that cfn-lint, which knows what AWS offers in each Region, accepts the properties of every resource."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from tests.cloudformation.cfn_lint import findings
from tests.cloudformation.translate import Resource, translated
from tests.cloudformation.translations import NOTHING_TO_CHECK, TRANSLATIONS
from tests.environments import (
    ACCESS,
    DUALSTACK,
    EC2,
    EDGE,
    EXTERNAL,
    IMAGES,
    INTERNAL,
    ISOLATED_EC2,
    MAIL,
    OWN_KEY,
    RUNNING,
    SPLIT,
)
from tests.synthesis import SynthesizedStack, app

Variant = tuple[str, dict[str, str]]

REGIONS = ("us-east-1", "eu-central-1", "eu-west-1", "ap-northeast-1")
ENVIRONMENTS: list[Variant] = [("dev", {}), ("prod", RUNNING), ("prod", EC2), ("trial", {})]
"""What has instance types and versions, which depend on the Region."""
OTHERS: list[Variant] = [
    ("dev", EXTERNAL),
    ("dev", ISOLATED_EC2),
    ("dev", {"LANGFUSE_AWS__REDIS__ENGINE": "valkey", "LANGFUSE_AWS__REDIS__VERSION": "8.0"}),
    ("dev", {"LANGFUSE_AWS__POSTGRES__VERSION": "17", "LANGFUSE_AWS__ALARMS__EMAIL": "ops@example.com"}),
    ("dev", {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"}),
    # Its subnets are others, and must not overlap.
    ("dev", {**DUALSTACK, "LANGFUSE_AWS__NETWORK__CIDR": "10.1.0.0/16"}),
    ("dev", INTERNAL),
    ("dev", IMAGES),
    ("dev", {**EC2, **OWN_KEY}),
    ("dev", EDGE),
    ("dev", {"LANGFUSE_AWS__INGRESS__WAF": "true", "LANGFUSE_AWS__INGRESS__ACCESS_LOGS": "true"}),
    ("dev", MAIL),
    ("dev", SPLIT),
    ("dev", ACCESS),
    (
        "prod",
        {
            "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
            "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ",
        },
    ),
]


def stacks(variants: Sequence[Variant], region: str) -> Iterator[SynthesizedStack]:
    for environment, overrides in variants:
        yield from app(environment, {**overrides, "LANGFUSE_AWS__REGION": region}).values()


def resources(variants: Sequence[Variant], region: str) -> list[Resource]:
    """Returns every resource that any of the variants has in the Region, each once."""
    distinct = {str((each.type, each.properties)): each for each in translated(stacks(variants, region))}
    return list(distinct.values())


@pytest.mark.parametrize("region", REGIONS)
def test_every_resource_is_possible_in_the_region(region: str) -> None:
    assert findings(resources(ENVIRONMENTS, region), region) == []


def test_every_resource_of_the_other_variants_is_possible() -> None:
    assert findings(resources(OTHERS, "us-east-1"), "us-east-1") == []


WRONG: list[tuple[str, dict[str, Any], str]] = [
    # offered in other Regions
    ("aws_instance", {"instance_type": "i4g.large"}, "AWS::EC2::Instance.InstanceType: .*'i4g.large' is not one of"),
    ("aws_db_instance", {"instance_class": "db.x9g.large"}, "DBInstanceClass: .*'db.x9g.large' is not one of"),
    ("aws_elasticache_replication_group", {"node_type": "cache.c7gn.large"}, "CacheNodeType: .*'cache.c7gn.large'"),
    ("aws_elasticache_replication_group", {"engine_version": "7.2"}, "EngineVersion: .*'7.2' is not one of .*'7.1'"),
    ("aws_db_instance", {"engine_version": "11"}, r"version '11\.\d+' for engine 'postgres' is deprecated"),
    ("aws_db_instance", {"engine_version": "15.999"}, "EngineVersion: .*'15.999' is not one of"),
    ("aws_cloudwatch_log_group", {"retention_in_days": 8}, "RetentionInDays: .*8 is not one of .*7, 14"),
    ("aws_lb_target_group", {"target_type": "pod"}, "TargetType: .*'pod' is not one of .*'ip'"),
    ("aws_cloudwatch_metric_alarm", {"treat_missing_data": "fine"}, "TreatMissingData: .*'fine'"),
    ("aws_ecs_task_definition", {"cpu": "300"}, "AWS::ECS::TaskDefinition.Cpu: .*300"),
    ("aws_ebs_volume", {"type": "gp9"}, "VolumeType: .*'gp9' is not one of .*'gp3'"),
]


@cache
def findings_of_wrong_values(region: str) -> list[str]:
    """What is found when each row of ``WRONG`` changes a resource of dev."""
    changed: list[Resource] = []
    for type_, arguments, _ in WRONG:
        resource = next(each for stack in app("dev").values() for each in stack.resources(type_).values())
        stack = SynthesizedStack(json.dumps({"resource": {type_: {"changed": {**resource, **arguments}}}}))
        changed.extend(translated([stack]))
    return findings(changed, region)


@pytest.mark.parametrize(("type_", "arguments", "said"), WRONG)
def test_a_wrong_value_is_one_line(type_: str, arguments: dict[str, Any], said: str) -> None:
    lines = [line for line in findings_of_wrong_values("ap-northeast-1") if re.search(said, line)]
    assert {line.partition(".changed: ")[0] for line in lines} == {f"ap-northeast-1: {type_}"}, arguments
    assert not any("\n" in line for line in lines)


def test_what_another_region_offers_is_possible_there() -> None:
    assert not [line for line in findings_of_wrong_values("us-east-1") if "i4g.large" in line]


def test_an_argument_without_a_translation_is_an_error() -> None:
    stack = SynthesizedStack(json.dumps({"resource": {"aws_vpc": {"vpc": {"colour": "blue"}}}}))
    with pytest.raises(LookupError, match=r"aws_vpc\.vpc: colour: AWS::EC2::VPC has no such property"):
        list(translated([stack]))


def test_a_type_without_a_translation_is_an_error() -> None:
    stack = SynthesizedStack(json.dumps({"resource": {"aws_sqs_queue": {"queue": {}}}}))
    with pytest.raises(LookupError, match="aws_sqs_queue: add it"):
        list(translated([stack]))


def test_no_type_is_listed_in_vain() -> None:
    types = {type_ for stack in stacks(ENVIRONMENTS + OTHERS, "us-east-1") for type_ in stack.json["resource"]}
    assert types == TRANSLATIONS.keys() | NOTHING_TO_CHECK.keys()
