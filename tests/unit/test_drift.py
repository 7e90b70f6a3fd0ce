"""``ops doctor`` names what the state has and AWS has not. tests/e2e/test_day_two.py deletes resources of a deploy."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ops.doctor_checks.drift import SHOWN, resources_exist
from ops.environment import Environment, aws_session
from ops.findings import Finding, Verdict
from settings.model import STATE_SUFFIX
from tests.environments import load
from tests.states import BUCKET
from tests.unit.small_deployment import SmallDeployment

CHECK = "resources of the state"
KEY = f"langfuse/dev/network{STATE_SUFFIX}"


@pytest.fixture(autouse=True)
def _no_state(deployment: SmallDeployment) -> Iterator[None]:
    yield
    deployment.client("s3").delete_object(Bucket=BUCKET, Key=KEY)


def find(deployment: SmallDeployment, *resources: tuple[str, str, dict[str, Any]]) -> list[Finding]:
    """Returns what the check finds if the state has these resources: type, name and attributes."""
    state = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": "any",
        "outputs": {},
        "resources": [
            {"mode": "managed", "type": type_, "name": name, "instances": [{"attributes": attributes}]}
            for type_, name, attributes in resources
        ],
    }
    deployment.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=json.dumps(state).encode())
    # A session of its own, whose clients have this test's endpoints.
    return list(resources_exist(Environment(load("dev"), aws_session("us-east-1", attempts=1))))


def topic(deployment: SmallDeployment, name: str, *, exists: bool) -> tuple[str, str, dict[str, Any]]:
    """Returns a topic's resource in the state."""
    sns = deployment.client("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    if not exists:
        sns.delete_topic(TopicArn=arn)
    return "aws_sns_topic", name, {"id": arn, "name": name}


DATABASE = ("aws_db_instance", "postgres", {"id": "db-1", "identifier": "langfuse-dev-postgres"})
LOST = ("aws_db_instance", "lost", {"id": "db-2", "identifier": "langfuse-dev-lost"})


def test_nothing_is_missing(deployment: SmallDeployment) -> None:
    replacement = ("terraform_data", "web_gate", {"id": "1"})
    data = ("aws_ssm_parameter", "of-an-older-release", {"id": "1"})
    found = find(deployment, DATABASE, topic(deployment, "there", exists=True), replacement, data)
    assert found == [Finding(CHECK, Verdict.OK, "AWS has all 2")]


def test_what_is_missing_is_named_with_what_a_deploy_does(deployment: SmallDeployment) -> None:
    gone = topic(deployment, "gone", exists=False)
    (found,) = find(deployment, DATABASE, gone, topic(deployment, "there", exists=True))
    assert found.verdict is Verdict.FAILED
    assert found.evidence.endswith(f": aws_sns_topic.gone ({gone[2]['id']})")
    assert found.remedy == "`ops plan` shows what `make deploy ENV=dev` would make again"


def test_another_resource_of_the_name_is_not_that_of_the_state(deployment: SmallDeployment) -> None:
    """Two VPCs have the environment's tags, and one of them was deleted: the state's."""
    ec2 = deployment.client("ec2")
    tags = {"Name": "langfuse-dev", "Environment": "dev", "Project": "langfuse"}
    specification = {"ResourceType": "vpc", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    first, second = (
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[specification])["Vpc"]["VpcId"] for _ in range(2)
    )
    vpc = ("aws_vpc", "vpc", {"id": first, "tags": {"Name": "langfuse-dev"}, "tags_all": tags})
    before = find(deployment, vpc)
    ec2.delete_vpc(VpcId=first)
    after = find(deployment, vpc)
    ec2.delete_vpc(VpcId=second)
    assert [[found.verdict for found in each] for each in (before, after)] == [[Verdict.OK], [Verdict.FAILED]]


def test_data_is_restored_before_a_deploy_makes_it_empty(deployment: SmallDeployment) -> None:
    (found,) = find(deployment, DATABASE, LOST, topic(deployment, "gone", exists=False))
    assert found.remedy.startswith("first restore the data of aws_db_instance.lost")
    assert "docs/disaster-recovery.md" in found.remedy
    assert "gone" not in found.remedy


def test_a_long_list_is_cut(deployment: SmallDeployment) -> None:
    topics = [topic(deployment, f"gone-{number:02}", exists=False) for number in range(SHOWN + 2)]
    (found,) = find(deployment, *topics)
    assert f"aws_sns_topic.gone-{SHOWN - 1:02} (" in found.evidence
    assert f"aws_sns_topic.gone-{SHOWN:02} (" not in found.evidence
    assert found.evidence.endswith("and 2 more")


def test_what_can_not_be_asked_for_hides_nothing_else(
    deployment: SmallDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = topic(deployment, "there", exists=True)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:9")
    lost, topics = find(deployment, LOST, there)
    assert (lost.check, lost.verdict) == (CHECK, Verdict.FAILED)
    assert "aws_db_instance.lost (langfuse-dev-lost)" in lost.evidence
    assert (topics.check, topics.verdict) == ("aws_sns_topic", Verdict.NOT_CHECKED)
    assert "127.0.0.1:9" in topics.evidence


def test_a_resource_that_the_state_does_not_describe(deployment: SmallDeployment) -> None:
    lost, incomplete = find(deployment, LOST, ("aws_sns_topic", "incomplete", {"id": None, "name": None}))
    assert lost.verdict is Verdict.FAILED
    assert (incomplete.check, incomplete.verdict) == ("aws_sns_topic", Verdict.NOT_CHECKED)
    assert incomplete.evidence == "the state has too little of aws_sns_topic.incomplete"
