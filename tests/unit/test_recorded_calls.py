"""Tests of how a recorded check becomes a call of every environment, and calls become statements."""

import pytest

from access.calls import REQUEST_TAGS, RESOURCE_TAGS, UNTAGGED, Call, general, general_call
from access.derivation import statements
from access.policies import values_of
from tests.environments import load

ACCOUNT = "000000000000"
VALUES = values_of(
    load("dev", {"LANGFUSE_AWS__STATE__BUCKET": "states", "LANGFUSE_AWS__REGION": "eu-central-1"}), account=ACCOUNT
)
HERE = f"eu-central-1:{ACCOUNT}"
ANYWHERE = "arn:<partition>:{}:<region>:<account>:{}"
TAGS = {"project": "langfuse", "environment": "dev"}
REQUESTED = {f"aws:requesttag/{key}": value for key, value in TAGS.items()}
OWNED = {f"aws:resourcetag/{key}": value for key, value in TAGS.items()}
REGION = {"aws:requestedregion": "eu-central-1"}
IN_REGION = ("StringEquals", "aws:RequestedRegion", "<region>")
SUBNET = f"arn:aws:ec2:{HERE}:subnet/subnet-0123456789abcdef0"
ANY_SUBNET = ANYWHERE.format("ec2", "subnet/*")


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (f"arn:aws:rds:{HERE}:db:langfuse-dev-postgres", ANYWHERE.format("rds", "db:<prefix>-postgres")),
        (f"arn:aws:iam::{ACCOUNT}:role/langfuse-dev-task", "arn:<partition>:iam::<account>:role/<global_prefix>-task"),
        (
            f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/langfuse-dev",
            "arn:<partition>:cloudwatch::<account>:dashboard/<global_prefix>",
        ),
        (
            f"arn:aws:secretsmanager:{HERE}:secret:langfuse-dev/salt-AbC1ef",
            ANYWHERE.format("secretsmanager", "secret:<prefix>/*"),
        ),
        (
            f"arn:aws:logs:{HERE}:log-group:/langfuse/dev/web:*",
            ANYWHERE.format("logs", "log-group:/langfuse/<name>/web:*"),
        ),
        (
            "arn:aws:s3:::langfuse-dev-events-20261127094012345600000001/events/x",
            "arn:<partition>:s3:::<prefix>-events-??????????????????????????/*",
        ),
        (
            "arn:aws:s3:::states/langfuse/dev/data.tfstate",
            "arn:<partition>:s3:::<state_bucket>/langfuse/<name>/data.tfstate",
        ),
        (
            "arn:aws:s3:::states/langfuse/prod/data.tfstate",
            "arn:<partition>:s3:::<state_bucket>/langfuse/prod/data.tfstate",
        ),
        (
            f"arn:aws:ecs:{HERE}:task-definition/langfuse-dev-web:12",
            ANYWHERE.format("ecs", "task-definition/<prefix>-web:*"),
        ),
        (
            f"arn:aws:elasticloadbalancing:{HERE}:listener/app/langfuse-dev/1a75pjcv1pw4is3v/qrj1iexqiwpou5hg",
            ANYWHERE.format("elasticloadbalancing", "listener/app/<prefix>/*"),
        ),
        ("arn:aws:route53:::hostedzone/ZM97F1ENOBR1AX", "arn:<partition>:route53:::hostedzone/*"),
        (f"arn:aws:kms:{HERE}:key/01234567-89ab-4cde-8f01-23456789abcd", ANYWHERE.format("kms", "key/*")),
        (
            f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/01234567-89ab-4cde-8f01-23456789abcd",
            "arn:<partition>:acm:us-east-1:<account>:certificate/*",
        ),
        (SUBNET, ANY_SUBNET),
        (
            f"arn:aws:iam::{ACCOUNT}:policy/langfuse-dev-deploy-data",
            "arn:<partition>:iam::<account>:policy/<global_prefix>-deploy-*",
        ),
        (f"arn:aws:rds:{HERE}:pg:langfuse-dev-postgres-15", ANYWHERE.format("rds", "pg:<prefix>-postgres-*")),
        (
            f"arn:aws:elasticache:{HERE}:parametergroup:langfuse-dev-redis-valkey7",
            ANYWHERE.format("elasticache", "parametergroup:<prefix>-redis-*"),
        ),
        (
            f"arn:aws:cloudwatch:{HERE}:alarm:langfuse-dev-redis-001-cpu",
            ANYWHERE.format("cloudwatch", "alarm:<prefix>-redis-*-cpu"),
        ),
        ("0165bcb89b2050371ad754453fac54e6._domainkey.example.com", f"{'?' * 32}._domainkey.example.com"),
        ("_0165bcb89b2050371ad754453fac54e6.example.com", f"_{'?' * 32}.example.com"),
        ("clickhouse.langfuse-dev.internal", "clickhouse.<prefix>.internal"),
        (f"arn:aws:rds:{HERE}:db:langfuse-development", ANYWHERE.format("rds", "db:langfuse-development")),
    ],
)
def test_a_resource_is_general(recorded: str, expected: str) -> None:
    assert general(recorded, VALUES) == expected


@pytest.mark.parametrize(
    ("action", "context", "expected"),
    [
        ("ec2:CreateSubnet", REQUESTED, REQUEST_TAGS),
        ("ec2:DeleteSubnet", OWNED, RESOURCE_TAGS),
        ("ec2:DeleteSubnet", {"aws:resourcetag/project": "langfuse", "aws:resourcetag/environment": "prod"}, UNTAGGED),
        ("ec2:DeleteSubnet", {}, UNTAGGED),
        ("ec2:CreateTags", {**REQUESTED, **OWNED}, RESOURCE_TAGS),
        (
            "ec2:CreateTags",
            {**REQUESTED, "ec2:createaction": "CreateSubnet"},
            (*REQUEST_TAGS, ("StringEquals", "ec2:CreateAction", "CreateSubnet")),
        ),
        # Whoever could give these tags to any resource could then do anything with it.
        ("ec2:CreateTags", REQUESTED, (*REQUEST_TAGS, *UNTAGGED)),
    ],
)
def test_a_resource_without_a_name_is_known_by_its_tags(
    action: str, context: dict[str, str], expected: tuple[tuple[str, str, str], ...]
) -> None:
    assert general_call(action, SUBNET, {**context, **REGION}, VALUES) == Call(
        action, ANY_SUBNET, tuple(sorted(expected))
    )


def test_a_read_needs_the_tags_that_there_are_or_a_region() -> None:
    assert general_call("ec2:DescribeSubnets", "*", REGION, VALUES) == Call("ec2:DescribeSubnets", "*", (IN_REGION,))
    vpc, action = f"arn:aws:ec2:{HERE}:vpc/vpc-0123456789abcdef0", "ec2:DescribeVpcAttribute"
    on = ANYWHERE.format("ec2", "vpc/*")
    assert general_call(action, vpc, {**OWNED, **REGION}, VALUES) == Call(action, on, RESOURCE_TAGS)
    assert general_call(action, vpc, REGION, VALUES) == Call(action, on)


def test_tags_are_no_condition_where_aws_does_not_tell_them() -> None:
    """A hosted zone has tags, but no policy sees them."""
    zone, action = "arn:aws:route53:::hostedzone/ZM97F1ENOBR1AX", "route53:ChangeTagsForResource"
    call = general_call(action, zone, {"aws:requestedregion": "us-east-1"}, VALUES)
    assert call == Call(action, "arn:<partition>:route53:::hostedzone/*")


def test_roles_are_made_with_the_boundary_even_if_they_were_recorded_without() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/langfuse-dev-task"
    call = general_call("iam:CreateRole", role, {"aws:requestedregion": "us-east-1"}, VALUES)
    assert call.conditions == (("ArnEquals", "iam:PermissionsBoundary", "<boundary>"),)


def test_a_role_can_lose_a_policy_that_no_setting_names_any_more() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/langfuse-dev-task"
    context = {**REGION, "iam:policyarn": "arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess"}
    assert general_call("iam:DetachRolePolicy", role, context, VALUES).conditions == ()


def test_what_creates_and_what_changes_are_never_in_one_statement() -> None:
    """The conditions of one would allow the other more."""
    create = Call("ec2:CreateSubnet", ANY_SUBNET, REQUEST_TAGS)
    delete = Call("ec2:DeleteSubnet", ANY_SUBNET, RESOURCE_TAGS)
    made = statements([create, delete])
    assert [statement["Action"] for statement in made["network-creation"]] == [["ec2:CreateSubnet"]]
    assert [statement["Action"] for statement in made["network-and-logs"]] == [["ec2:DeleteSubnet"]]


def test_what_a_request_makes_and_what_it_names_are_never_in_one_statement() -> None:
    """The tags of the request would allow to make a subnet in a VPC of others."""
    vpc = ANYWHERE.format("ec2", "vpc/*")
    calls = [
        Call("ec2:CreateVpc", vpc, REQUEST_TAGS),
        Call("ec2:CreateSubnet", ANY_SUBNET, REQUEST_TAGS),
        Call("ec2:CreateSubnet", vpc, RESOURCE_TAGS),
    ]
    for statement in statements(calls)["network-creation"]:
        assert (statement["Action"], statement["Resource"]) in (
            (["ec2:CreateVpc"], [vpc]),
            (["ec2:CreateSubnet"], [ANY_SUBNET]),
        )


def test_a_state_is_written_and_its_lock_deleted() -> None:
    state = "arn:<partition>:s3:::<state_bucket>/langfuse/<name>/data.tfstate"
    calls = [
        Call("s3:PutObject", state),
        Call("s3:PutObject", f"{state}.tflock"),
        Call("s3:DeleteObject", f"{state}.tflock"),
        Call("s3:GetObject", state),
    ]
    allowed = {
        (statement["Action"][0], tuple(statement["Resource"])) for statement in statements(calls)["state-and-lists"]
    }
    assert allowed == {
        ("s3:PutObject", (state, f"{state}.tflock")),
        ("s3:DeleteObject", (f"{state}.tflock",)),
        ("s3:GetObject", (state,)),
    }


def test_reads_of_what_is_not_changed_stay_apart_from_changes() -> None:
    everything, own = ANYWHERE.format("rds", "db:*"), ANYWHERE.format("rds", "db:<prefix>-postgres")
    calls = [Call("rds:DescribeDBInstances", everything), Call("rds:DeleteDBInstance", own)]
    made = {statement["Action"][0]: statement["Resource"] for statement in statements(calls)["data"]}
    assert made == {"rds:DeleteDBInstance": [own], "rds:DescribeDBInstances": [everything]}
