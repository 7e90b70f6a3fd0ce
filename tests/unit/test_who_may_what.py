"""Tests of who_may_what.toml: what the roles of the stacks may do, in every combination of the settings."""

import json
from collections.abc import Iterator, Mapping

import pytest

from settings import Settings
from tests import who_may_what
from tests.combinations import REGIONS, covering
from tests.environments import EC2, ENVIRONMENTS, EXTERNAL, RUNNING, SYNTHESIZED, load
from tests.iam import ACCOUNT, Request, allows
from tests.synthesis import app
from tests.unit.test_roles import EVERYTHING
from tests.who_may_what import STACKS, Right, Stacks, by_the_stacks, by_the_table, overlap, rights_of_row

GIVEN = [(environment, {**RUNNING, **mode}) for environment in SYNTHESIZED for mode in (EC2, EXTERNAL)]
GIVEN += [(environment, EVERYTHING) for environment in ENVIRONMENTS]
COVERING = [(environment, region) for environment in ENVIRONMENTS for region in REGIONS]
FULL = {
    **{name: value for name, value in EVERYTHING.items() if "_SSE" not in name},
    "LANGFUSE_AWS__ENCRYPTION__KMS": "own",
    "LANGFUSE_AWS__LANGFUSE__REGISTRY": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/langfuse",
    "LANGFUSE_AWS__MAIL__FROM_ADDRESS": "langfuse@example.com",
    "LANGFUSE_AWS__FIRST__ORGANIZATION": "Example",
    "LANGFUSE_AWS__FIRST__PROJECT": "Web",
    "LANGFUSE_AWS__FIRST__USER_EMAIL": "owner@example.com",
}
"""As many rights as an environment's roles can have."""


def differences(stacks: Stacks, settings: Settings) -> dict[str, object]:
    """What the policies and the table do not have in common, by the role."""
    expected, found = by_the_table(settings), by_the_stacks(stacks, settings)
    unknown: dict[str, object] = dict.fromkeys(found.keys() - expected.keys(), "is not in the table")
    wrong = {
        name: {
            "assumed by": found[name].assumed_by,
            "allowed, not in the table": sorted(found[name].rights - expected[name].rights),
            "in the table, not allowed": sorted(expected[name].rights - found[name].rights),
            "managed policies": sorted(found[name].managed_policies ^ expected[name].managed_policies),
        }
        for name in found.keys() & expected.keys()
        if found[name] != expected[name]
    }
    return unknown | wrong


@pytest.mark.parametrize(("environment", "overrides"), GIVEN)
def test_the_policies_allow_what_the_table_says_and_nothing_else(environment: str, overrides: dict[str, str]) -> None:
    assert differences(app(environment, overrides), load(environment, overrides)) == {}


@pytest.mark.parametrize(("environment", "region"), COVERING)
def test_so_they_do_in_every_combination(environment: str, region: str) -> None:
    for combination in covering(environment, region):
        found = differences(app(environment, combination), load(environment, combination))
        assert found == {}, combination


def test_every_role_and_row_is_in_some_environment() -> None:
    """What no environment has is wrong, or its setting is in no combination."""
    environments: list[tuple[str, Mapping[str, str]]] = [*GIVEN]
    environments += [("dev", combination) for combination in covering("dev", REGIONS[0])]
    loaded = [load(environment, overrides) for environment, overrides in environments]
    unused = [
        (row["actions"], row["resources"])
        for group in who_may_what.TABLE.values()
        for row in group["may"]
        if not any(any(rights_of_row(row, settings, name)) for settings in loaded for name in group["roles"])
    ]
    assert unused == []
    roles = {
        name.removeprefix(f"{settings.global_prefix}-")
        for (environment, overrides), settings in zip(environments, loaded, strict=True)
        for name in by_the_stacks(app(environment, overrides), settings)
    }
    assert roles == {name for group in who_may_what.TABLE.values() for name in group["roles"]}


def rights() -> Iterator[tuple[str, Right]]:
    """Every right of an environment that has all of them, with the name of its role."""
    for name, role in by_the_stacks(app("dev", FULL), load("dev", FULL)).items():
        yield from ((name.removeprefix("langfuse-dev-"), right) for right in sorted(role.rights))


WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData": "its datasets are for OpenTelemetry alone",
    "ssm:UpdateInstanceInformation": "the instance is made after its role",
}
"""Actions that could name a resource, and why they do not."""


def test_each_right_names_a_resource_and_conditions_that_its_action_has() -> None:
    """By AWS's service authorization reference. A right that can't apply to its resource would be none."""
    for role, right in rights():
        patterns = who_may_what.resource_patterns(right.action)
        if right.resource == "*":
            assert not patterns or right.action in WITHOUT_RESOURCE, (role, right)
        else:
            assert any(overlap(right.resource, pattern) for pattern in patterns), (role, right, patterns)
        keys = {key.partition("/")[0].lower() for _, key, _ in right.conditions}
        assert keys <= who_may_what.condition_keys(right.action), (role, right)


class Evaluator:
    """Answers whether the roles of an environment with all rights may do something, as IAM does."""

    def __init__(self) -> None:
        self.stacks, self.settings = app("dev", FULL), load("dev", FULL)
        self.policies = {
            role["name"].removeprefix("langfuse-dev-"): [
                who_may_what.policy_of(self.stacks, self.settings, policy["policy"])
                for policy in who_may_what.of_role(self.stacks[stack], "aws_iam_role_policy", key)
            ]
            for stack in STACKS
            for key, role in self.stacks[stack].resources("aws_iam_role").items()
        }

    def who(self, action: str, resource: str, **context: str) -> set[str]:
        """The roles that may do it. In names of context, ``__`` stands for a colon."""
        keys = {name.replace("__", ":"): value for name, value in context.items()}
        asked = Request(action, resource, {"aws:RequestedRegion": self.settings.region, **keys})
        return {role for role, policies in self.policies.items() if allows(policies, asked)}

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.settings.region}:{ACCOUNT}:{resource}"


@pytest.fixture(scope="module")
def iam() -> Evaluator:
    return Evaluator()


WEB, BOTH = {"web-execution"}, {"web-execution", "worker-execution"}
READERS = {
    "database-password": set[str](),
    "database-url": BOTH,
    "nextauth-secret": WEB,
    "salt": BOTH,
    "encryption-key": BOTH,
    "clickhouse-url": BOTH,
    "clickhouse-user": BOTH,
    "clickhouse-password": {*BOTH, "clickhouse"},
    "clickhouse-db": BOTH,
    "clickhouse-migration-url": WEB,
    "clickhouse-migration-ssl": WEB,
    "first-user-password": WEB,
    "first-project-public-key": WEB,
    "first-project-secret-key": WEB,
}
"""Who reads which secret."""


def test_who_reads_which_secret(iam: Evaluator) -> None:
    names = [name.removeprefix("langfuse-dev/") for name in who_may_what.secret_names(iam.stacks)]
    assert {
        name: iam.who("secretsmanager:GetSecretValue", who_may_what.secret_arn(iam.settings, f"langfuse-dev/{name}"))
        for name in names
    } == READERS
    given = str(iam.settings.langfuse.secrets["ANY"])
    assert iam.who("secretsmanager:GetSecretValue", given) == BOTH


def test_no_role_reads_a_secret_of_others_or_changes_one(iam: Evaluator) -> None:
    own = who_may_what.secret_arn(iam.settings, "langfuse-dev/salt")
    others = [who_may_what.secret_arn(iam.settings, name) for name in ("langfuse-prod/salt", "langfuse-dev/salt2", "x")]
    for action in who_may_what.actions_like("secretsmanager:*"):
        for arn in others:
            assert iam.who(action, arn) == set(), (action, arn)
        assert iam.who(action, own) == (BOTH if action == "secretsmanager:GetSecretValue" else set()), action


@pytest.mark.parametrize("prefix", ["events/", "media/", "exports/", "", "other/"])
def test_who_uses_which_objects(prefix: str, iam: Evaluator) -> None:
    bucket = f"arn:aws:s3:::langfuse-dev-events-{who_may_what.BUCKET_SUFFIX}"
    tasks = {"task"} if prefix in ("events/", "media/", "exports/") else set()
    for action in who_may_what.actions_like("s3:*"):
        of_objects = action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
        assert iam.who(action, f"{bucket}/{prefix}x") == (tasks if of_objects else set()), action
        listed = iam.who(action, bucket, s3__prefix=f"{prefix}x")
        assert listed == (tasks if action == "s3:ListBucket" else set()), action
        for other in ("langfuse-dev-terraform-state", f"langfuse-prod-events-{who_may_what.BUCKET_SUFFIX}"):
            assert iam.who(action, f"arn:aws:s3:::{other}/{prefix}x") == set(), action
            assert iam.who(action, f"arn:aws:s3:::{other}", s3__prefix=f"{prefix}x") == set(), action
    assert iam.who("s3:ListBucket", bucket) == set()


def test_who_uses_a_key_and_through_which_service(iam: Evaluator) -> None:
    own, other = iam.arn("kms", f"key/{who_may_what.OWN_KEY_ID}"), iam.arn("kms", "key/other")
    snapshots = ("kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo")
    allowed = {
        ("kms:Decrypt", "s3"): {"task"},
        ("kms:GenerateDataKey", "s3"): {"task"},
        ("kms:Decrypt", "secretsmanager"): {*BOTH, "clickhouse"},
        **{(action, "ec2"): {"clickhouse-backups"} for action in snapshots},
    }
    for action in who_may_what.actions_like("kms:*"):
        described = {"clickhouse-backups"} if action == "kms:DescribeKey" else set()
        assert iam.who(action, own) == described, action
        assert iam.who(action, other) == set(), action
        for service in ("s3", "secretsmanager", "ec2", "rds"):
            for region in ("us-east-1", "eu-west-1"):
                expected = allowed.get((action, service), set()) if region == "us-east-1" else set()
                through = f"{service}.{region}.amazonaws.com"
                assert iam.who(action, own, kms__ViaService=through) == expected | described, (action, through)
                assert iam.who(action, other, kms__ViaService=through) == set(), (action, through)
    assert iam.who("kms:CreateGrant", own, kms__GrantIsForAWSResource="true") == {"clickhouse-backups"}
    assert iam.who("kms:CreateGrant", own, kms__GrantIsForAWSResource="false") == set()


@pytest.mark.parametrize(
    ("namespace", "roles"),
    [("Langfuse", {"task"}), ("Langfuse/ClickHouse", {"clickhouse"}), ("AWS/ECS", set()), ("Langfuse/", set())],
)
def test_who_publishes_to_which_namespace(namespace: str, roles: set[str], iam: Evaluator) -> None:
    assert iam.who("cloudwatch:PutMetricData", "*", cloudwatch__namespace=namespace) == roles
    assert iam.who("cloudwatch:PutMetricData", "*") == set()


def test_mails_are_of_one_address(iam: Evaluator) -> None:
    for identity in ("identity/example.com", "identity/langfuse@example.com"):
        arn = iam.arn("ses", identity)
        assert iam.who("ses:SendEmail", arn, ses__FromAddress="langfuse@example.com") == {"task"}
        assert iam.who("ses:SendEmail", arn, ses__FromAddress="ceo@example.com") == set()
    other = iam.arn("ses", "identity/example.org")
    assert iam.who("ses:SendEmail", other, ses__FromAddress="langfuse@example.com") == set()


def test_who_makes_and_deletes_snapshots(iam: Evaluator) -> None:
    backups, snapshot = {"clickhouse-backups"}, "arn:aws:ec2:us-east-1::snapshot/snap-1"
    made_by_backup = {"aws__ResourceTag/aws__backup__source-resource": "arn"}
    assert iam.who("ec2:CreateSnapshot", iam.arn("ec2", "volume/vol-made-up")) == backups
    assert iam.who("ec2:CreateSnapshot", iam.arn("ec2", "volume/vol-other")) == set()
    assert iam.who("ec2:DeleteSnapshot", snapshot, **made_by_backup) == backups
    assert iam.who("ec2:DeleteSnapshot", snapshot) == set()
    for action in ("ec2:ModifySnapshotAttribute", "ec2:CopySnapshot", "ec2:DeleteVolume", "ec2:CreateVolume"):
        assert iam.who(action, snapshot, **made_by_backup) == set()
        assert iam.who(action, iam.arn("ec2", "volume/vol-made-up")) == set()


@pytest.mark.parametrize("service", ["iam", "sts", "organizations", "lambda", "ecs", "rds", "cloudformation"])
def test_no_role_makes_itself_more_powerful(service: str, iam: Evaluator) -> None:
    """No right on identities, and none on what runs code with another role."""
    assert [right for right in rights() if right[1].action.startswith(f"{service}:")] == []
    roles = [f"arn:aws:iam::{ACCOUNT}:role/langfuse-dev-{role}" for role in iam.policies]
    for action in who_may_what.actions_like(f"{service}:*"):
        for resource in (*roles, "*", f"arn:aws:iam::{ACCOUNT}:policy/boundary"):
            assert iam.who(action, resource, iam__PassedToService="ecs-tasks.amazonaws.com") == set(), action


def test_the_instance_reads_no_parameter_and_commands_nobody(iam: Evaluator) -> None:
    agent = {"ssm:UpdateInstanceInformation"}
    for action in who_may_what.actions_like("ssm:*"):
        for resource in ("*", iam.arn("ssm", "parameter/any"), iam.arn("ec2", "instance/i-1")):
            assert iam.who(action, resource) == ({"clickhouse"} if action in agent else set()), action


def test_logs_are_written_not_read(iam: Evaluator) -> None:
    writers = {
        "/langfuse/dev/web": WEB,
        "/langfuse/dev/worker": {"worker-execution"},
        "langfuse-dev-flow-logs": {"flow-logs"},
    }
    for group, roles in writers.items():
        for action in who_may_what.actions_like("logs:*"):
            expected = roles if action in ("logs:CreateLogStream", "logs:PutLogEvents") else set()
            expected |= (
                {"flow-logs"} if (action, group) == ("logs:DescribeLogStreams", "langfuse-dev-flow-logs") else set()
            )
            assert iam.who(action, iam.arn("logs", f"log-group:{group}:log-stream:x")) == expected, (action, group)


def test_a_right_that_the_table_lacks_is_found() -> None:
    """The comparison itself: one more action, another resource, a wildcard and a missing condition."""
    settings = load("dev", RUNNING)
    expected = by_the_table(settings)["langfuse-dev-flow-logs"].rights
    (group,) = {right.resource for right in expected}
    for action, resource in (("logs:DeleteLogGroup", group), ("logs:PutLogEvents", "*"), ("logs:Put*", group)):
        policy = {"Statement": [{"Effect": "Allow", "Action": [action], "Resource": resource}]}
        assert set(who_may_what.rights(json.loads(json.dumps(policy)))) - expected
    with pytest.raises(AssertionError):
        list(who_may_what.rights({"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}))
