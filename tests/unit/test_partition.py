"""Tests that every ARN is of the Region's partition."""

import json
import re
from pathlib import Path

import botocore
import pytest

from settings import SettingsError
from settings.partition import REGIONS_BY_PARTITION, partition_of
from tests.command_line import PROJECT
from tests.environments import EC2, EXTERNAL, RUNNING, load
from tests.synthesis import app

SIGN_IN_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf"  # pragma: allowlist secret
PARTITION = re.compile(r"\barn:([a-z-]+):")
UUID = "01234567-89ab-cdef-0123-456789abcdef"
REGIONS = {"us-east-1": "aws", "us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn"}
CERTIFICATE = {
    "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
    "LANGFUSE_AWS__DOMAIN__CERTIFICATE_ARN": f"arn:{{partition}}:acm:{{region}}:123456789012:certificate/{UUID}",
}
HOSTED_ZONE = {
    "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
    "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z1",
}
VALKEY = {"LANGFUSE_AWS__REDIS__ENGINE": "valkey", "LANGFUSE_AWS__REDIS__VERSION": "8.0"}
KEYS = {
    "LANGFUSE_AWS__STATE__KMS_KEY_ID": "arn:{partition}:kms:{region}:123456789012:alias/state",
    "LANGFUSE_AWS__LANGFUSE__SECRETS__SIGN_IN": (
        "arn:{partition}:secretsmanager:{region}:123456789012:secret:x-AbCdEf"  # pragma: allowlist secret
    ),
}
INGRESS = {"LANGFUSE_AWS__INGRESS__WAF": "true", "LANGFUSE_AWS__INGRESS__ACCESS_LOGS": "true"}
VARIANTS = [
    ("dev", {}),
    ("dev", EXTERNAL),
    ("dev", VALKEY),
    ("dev", CERTIFICATE),
    ("dev", HOSTED_ZONE),
    ("dev", KEYS),
    ("dev", INGRESS),
    ("prod", {}),
    ("prod", RUNNING),
    ("prod", EC2),
]


def regions_of_botocore() -> dict[str, set[str]]:
    """Returns the Regions of each partition, without the names of the global services' endpoints."""
    data = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
    return {
        partition["id"]: {region for region in partition["regions"] if not region.endswith("-global")}
        for partition in data["partitions"]
    }


def test_a_region_is_of_the_partition_that_botocore_says() -> None:
    for partition, regions in regions_of_botocore().items():
        if partition in REGIONS_BY_PARTITION:
            assert set(REGIONS_BY_PARTITION[partition]) == regions
        for region in regions:
            if partition in REGIONS_BY_PARTITION:
                assert partition_of(region) == partition
            else:
                with pytest.raises(ValueError, match="aws or aws-cn or aws-us-gov"):
                    partition_of(region)


@pytest.mark.parametrize(("region", "partition"), REGIONS.items())
@pytest.mark.parametrize(("environment", "variant"), VARIANTS)
def test_every_arn_is_of_the_regions_partition(
    region: str, partition: str, environment: str, variant: dict[str, str]
) -> None:
    overrides = {name: value.format(partition=partition, region=region) for name, value in variant.items()}
    for stack in app(environment, {**overrides, "LANGFUSE_AWS__REGION": region}).values():
        assert set(PARTITION.findall(stack.text)) <= {partition}


@pytest.mark.parametrize(("region", "partition"), REGIONS.items())
def test_ec2_s_arns_and_its_principal(region: str, partition: str) -> None:
    data = app("dev", {"LANGFUSE_AWS__REGION": region})["data"]
    policies = "".join(policy["policy"] for policy in data.resources("aws_iam_role_policy").values())
    assert f"arn:{partition}:ec2:{region}::snapshot/*" in policies
    alarm = data.resource("aws_cloudwatch_metric_alarm", alarm_name="langfuse-dev-clickhouse-system-check")
    assert f"arn:{partition}:automate:{region}:ec2:recover" in alarm["alarm_actions"]
    principals = {
        statement["Principal"]["Service"]
        for role in data.resources("aws_iam_role").values()
        for statement in json.loads(role["assume_role_policy"])["Statement"]
    }
    # https://github.com/hashicorp/terraform-provider-aws/issues/46209
    ec2 = "ec2.amazonaws.com.cn" if partition == "aws-cn" else "ec2.amazonaws.com"
    assert principals == {ec2, "backup.amazonaws.com"}


def test_no_source_file_names_a_partition_in_an_arn() -> None:
    sources = [*(PROJECT / "modules").rglob("*"), *(PROJECT / "stacks").rglob("*"), *(PROJECT / "ops").rglob("*")]
    assert [
        f"{source.relative_to(PROJECT)}: {line}"
        for source in sources
        if source.suffix in {".py", ".sh"}
        for line in source.read_text().splitlines()
        if PARTITION.search(line)
    ] == []


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"REGION": "us-iso-east-1"}, "region: must be an AWS Region of the partition aws or"),
        ({"REGION": "eu-central"}, "region: must be an AWS Region"),
        ({"REGION": "us-gov-west-1", "DOMAIN__CLOUDFRONT": "true"}, "domain.cloudfront .* set domain.name"),
        ({"REGION": "cn-north-1", "DOMAIN__CLOUDFRONT": "true"}, "domain.cloudfront .* set domain.name"),
        (
            {"STATE__KMS_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:alias/state"},
            'state.kms_key_id .* must start with "arn:aws:kms:us-east-1:"',
        ),
        (
            {
                "DOMAIN__NAME": "a.example.com",
                "DOMAIN__CERTIFICATE_ARN": f"arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/{UUID}",
            },
            'domain.certificate_arn .* must start with "arn:aws:acm:us-east-1:"',
        ),
        (
            {"REGION": "cn-north-1", "LANGFUSE__SECRETS__X": SIGN_IN_ARN},
            'langfuse.secrets.X: must start with "arn:aws-cn:secretsmanager:cn-north-1:"',
        ),
        (
            {"REGION": "eu-west-1", "LANGFUSE__SECRETS__X": SIGN_IN_ARN},
            'langfuse.secrets.X: must start with "arn:aws:secretsmanager:eu-west-1:"',
        ),
        (
            {"ALLOWED_ACCOUNT_IDS": '["210987654321"]', "LANGFUSE__SECRETS__X": SIGN_IN_ARN},
            'langfuse.secrets.X: must be of an account of allowed_account_ids, such as ".*:us-east-1:210987654321:',
        ),
        (
            {
                "ALLOWED_ACCOUNT_IDS": '["210987654321"]',
                "STATE__KMS_KEY_ID": "arn:aws:kms:us-east-1:123456789012:alias/state",
            },
            "state.kms_key_id .* must be of an account of allowed_account_ids",
        ),
    ],
)
def test_what_another_partition_or_region_has_is_refused_in_one_line(overrides: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refusal:
        load("dev", {f"LANGFUSE_AWS__{name}": value for name, value in overrides.items()})
    assert "\n" not in str(refusal.value)


def test_an_arn_of_an_allowed_account_is_accepted() -> None:
    chosen = {"ALLOWED_ACCOUNT_IDS": '["210987654321", "123456789012"]', "LANGFUSE__SECRETS__X": SIGN_IN_ARN}
    loaded = load("dev", {f"LANGFUSE_AWS__{name}": value for name, value in chosen.items()})
    assert loaded.langfuse.secrets == {"X": SIGN_IN_ARN}
