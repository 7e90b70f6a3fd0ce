"""Tests of the parts of ``ops recover``, and of what ``ops plan`` refuses because of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from local.embedded_aws import EmbeddedAws
from modules.identity import IDENTITIES
from ops.environment import Environment, OpsError, aws_session
from ops.recovery.already_there import SET_NOT_MADE, refuse_what_is_there
from ops.recovery.doubles import DELETE, how_to_delete
from ops.recovery.imports import check, existing
from ops.recovery.lookups import creations
from ops.recovery.readiness import STATUSES, is_coming, status
from ops.recovery.rounds import errors
from ops.recovery.stack_copy import copied, without_values
from ops.recovery.taints import KEPT
from ops.recovery.unread import unread
from ops.review.references import HOLDS_DATA
from tests.command_line import assert_one_line, ops_in_process
from tests.environments import load

ROLE = "aws_iam_role.flow-logs_role"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}}
        ],
    }
)


def change(address: str, *actions: str, mode: str = "managed", **more: Any) -> dict[str, Any]:
    """Returns an entry of a plan's ``resource_changes``."""
    before, after = more.pop("before", None), more.pop("after", None)
    return {
        "address": address,
        "type": address.partition(".")[0],
        "mode": mode,
        "change": {"actions": list(actions), "before": before, "after": after, **more},
    }


def test_the_copy_of_a_stack_reads_no_secret_runs_nothing_and_changes_nothing() -> None:
    document = {
        "terraform": {"backend": {"s3": {"key": "langfuse/dev/data.tfstate"}}, "required_version": ">= 1.11"},
        "ephemeral": {"aws_secretsmanager_random_password": {"value": {}}},
        "data": {
            "terraform_remote_state": {
                "network": {"backend": "s3", "config": {"key": "langfuse/dev/network.tfstate", "bucket": "state"}}
            }
        },
        "resource": {
            "terraform_data": {"final-snapshot_1A": {}},
            "aws_db_instance": {
                "postgres": {
                    "identifier": "langfuse-dev-postgres",
                    "final_snapshot_identifier": "final-${substr(terraform_data.final-snapshot_1A.id, 0, 8)}",
                    "password_wo": "${ephemeral.aws_secretsmanager_random_password.value.random_password}",
                    "password_wo_version": 1,
                    "depends_on": ["aws_cloudwatch_log_group.logs"],
                    "lifecycle": {"prevent_destroy": True},
                    "provisioner": [{"local-exec": {"command": "ops wait"}}],
                }
            },
        },
    }
    copy = copied(document, {"langfuse/dev/network.tfstate": Path("/copies/network/terraform.tfstate")})
    assert copy == {
        "terraform": {"required_version": ">= 1.11"},
        "data": {
            "terraform_remote_state": {
                "network": {"backend": "local", "config": {"path": "/copies/network/terraform.tfstate"}}
            }
        },
        "resource": {
            "aws_db_instance": {
                "postgres": {
                    "identifier": "langfuse-dev-postgres",
                    "final_snapshot_identifier": 'final-${substr("recovered", 0, 8)}',
                    "lifecycle": {"ignore_changes": "all"},
                }
            }
        },
    }


def test_an_import_gets_what_aws_does_not_tell() -> None:
    arguments = {
        "apply_immediately": True,
        "deletion_protection": False,
        "engine_version": "15",
        "password_wo": "${ephemeral.value}",
        "password_wo_version": 3,
    }
    imported = {
        "apply_immediately": None,
        "deletion_protection": True,
        "engine_version": "15.19",
        "password": "what an import may have read",  # pragma: allowlist secret
        "password_wo_version": None,
    }
    assert unread(arguments, imported) == {
        "apply_immediately": True,
        "engine_version": "15",
        "password": None,
        "password_wo_version": 3,
    }


@pytest.mark.parametrize(("configured", "read"), [("15", "16.1"), ("15.1", "15.19"), ("15.19", "15.19"), (None, "15")])
def test_another_version_stays_a_change(configured: str | None, read: str) -> None:
    assert unread({"engine_version": configured}, {"engine_version": read}) == {}


def test_what_a_plan_creates() -> None:
    plan = {
        "resource_changes": [
            change("aws_vpc.new", "create", after={"cidr_block": "10.0.0.0/16"}),
            change("aws_vpc.imported", "create", after={}, importing={"id": "vpc-1"}),
            change("aws_vpc.replaced", "delete", "create", before={}, after={}),
            change("aws_vpc.kept", "no-op", before={}, after={}),
            change("data.aws_vpc.read", "create", mode="data", after={}),
        ]
    }
    assert dict(creations(plan)) == {"aws_vpc.new": {"cidr_block": "10.0.0.0/16"}}


def test_what_is_made_of_something_missing_is_not_imported() -> None:
    references: dict[str, set[str]] = {
        "aws_vpc.vpc": set(),
        "aws_subnet.private": {"aws_vpc.vpc"},
        "aws_db_subnet_group.group": {"aws_subnet.private"},
        "aws_iam_role.role": set(),
        "aws_instance.tainted": set(),
        "aws_eip.kept": set(),
        "aws_sns_topic.deleted": set(),
    }
    changes = [
        change("aws_vpc.vpc", "create", after={}),
        change("aws_subnet.private", "no-op", importing={"id": "subnet-1"}),
        change("aws_db_subnet_group.group", "no-op", importing={"id": "group"}),
        change("aws_iam_role.role", "no-op", importing={"id": "role"}),
        change("aws_instance.tainted", "delete", "create"),
        change("aws_eip.kept", "no-op"),
        change("aws_sns_topic.deleted", "delete"),
        change("aws_eip.not_configured", "no-op"),
    ]
    assert existing(references, {"resource_changes": changes}) == {"aws_iam_role.role", "aws_eip.kept"}


def test_a_plan_that_does_more_than_import_is_refused() -> None:
    imports = [
        change("aws_vpc.vpc", "no-op", importing={"id": "vpc-1"}),
        change("data.aws_ami.image", "read", mode="data"),
    ]
    check("network", {"resource_changes": imports})
    for actions in (["update"], ["create"], ["delete"], ["delete", "create"]):
        with pytest.raises(OpsError, match=rf"network: .*{'/'.join(actions)} aws_eip\.address.*nothing was imported"):
            check("network", {"resource_changes": [*imports, change("aws_eip.address", *actions)]})


def test_the_errors_of_terraform_name_their_resources() -> None:
    diagnostic = {"severity": "error", "summary": "no such\nVPC", "detail": "vpc-1", "address": "aws_vpc.vpc"}
    warning = {"severity": "warning", "summary": "an old argument"}
    lines = [json.dumps({"diagnostic": diagnostic}), json.dumps({"diagnostic": warning}), "no JSON", "[]"]
    assert list(errors("\n".join(lines))) == ["aws_vpc.vpc: no such VPC: vpc-1"]


@pytest.mark.parametrize("type_", DELETE)
def test_the_command_that_deletes_a_double_exists(type_: str) -> None:
    remedy = how_to_delete(f"{type_}.one", ["id-1"], "us-east-1")
    assert ("look at what is in it first" in remedy) == (type_ in HOLDS_DATA)
    (command,) = [part for part in remedy.split("`") if "id-1" in part]
    program, service, operation, *arguments = command.split()
    assert (program, arguments[-2:]) == ("aws", ["--region", "us-east-1"])
    if service == "s3":
        assert (operation, arguments[:2]) == ("rb", ["--force", "s3://id-1"])
        return
    model = botocore.session.get_session().get_service_model(service)
    (name,) = [name for name in model.operation_names if xform_name(name, "-") == operation]
    shape = model.operation_model(name).input_shape
    assert shape is not None
    accepted = {f"--{xform_name(member, '-')}" for member in shape.members}
    assert arguments[0] in accepted
    assert {f"--{xform_name(member, '-')}" for member in shape.required_members} <= set(arguments)


@pytest.fixture(scope="module")
def environment(aws: EmbeddedAws) -> Iterator[Environment]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment.items():
            patch.setenv(name, value)
        yield Environment(load("dev"), aws_session("us-east-1"))


ABSENT = {
    "aws_db_instance": "langfuse-dev-postgres",
    "aws_ebs_volume": "vol-0123456789abcdef0",
    "aws_elasticache_replication_group": "langfuse-dev-redis",
    "aws_instance": "i-0123456789abcdef0",
    "aws_lb": "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/langfuse-dev/0123456789abcdef",
    "aws_nat_gateway": "nat-0123456789abcdef0",
}


@pytest.mark.parametrize("type_", STATUSES)
def test_what_aws_does_not_have_is_not_waited_for(environment: Environment, type_: str) -> None:
    assert status(environment, type_, ABSENT[type_]) == ""
    assert not is_coming(environment, type_, ABSENT[type_])


def test_a_volume_tells_its_status(environment: Environment) -> None:
    ec2 = environment.session.client("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, VolumeType="gp3")["VolumeId"]
    try:
        assert status(environment, "aws_ebs_volume", volume) in STATUSES["aws_ebs_volume"].ready
    finally:
        ec2.delete_volume(VolumeId=volume)


def test_types_that_hold_data_are_kept() -> None:
    assert KEPT > HOLDS_DATA
    assert KEPT & IDENTITIES.keys() <= IDENTITIES.keys()


@pytest.fixture
def role(environment: Environment) -> Iterator[str]:
    iam = environment.session.client("iam")
    name = "langfuse-dev-flow-logs"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    yield name
    iam.delete_role(RoleName=name)


def test_a_plan_that_creates_what_aws_has_is_refused(environment: Environment, role: str) -> None:
    plan = {"resource_changes": [change(ROLE, "create", after={"name": role})]}
    with pytest.raises(OpsError, match=rf"plan of network creates: {ROLE} \({role}\); .*`ops recover`"):
        refuse_what_is_there(environment, "network", plan)
    other = {"resource_changes": [change(ROLE, "create", after={"name": f"{role}-2"})]}
    refuse_what_is_there(environment, "network", other)


def test_a_plan_may_move_what_the_state_has_to_another_address(environment: Environment, role: str) -> None:
    removed = change("aws_iam_role.old", "delete", before={"id": role, "name": role})
    refuse_what_is_there(
        environment, "network", {"resource_changes": [removed, change(ROLE, "create", after={"name": role})]}
    )


def test_a_new_setting_of_a_bucket_is_no_double(environment: Environment) -> None:
    s3 = environment.session.client("s3")
    s3.create_bucket(Bucket="has-encryption")
    address = "aws_s3_bucket_server_side_encryption_configuration.events"
    try:
        refuse_what_is_there(
            environment, "data", {"resource_changes": [change(address, "create", after={"bucket": "has-encryption"})]}
        )
    finally:
        s3.delete_bucket(Bucket="has-encryption")


def test_only_what_can_be_made_twice_or_fails_is_refused() -> None:
    checked = {type_ for type_ in IDENTITIES if not type_.startswith(SET_NOT_MADE)}
    assert HOLDS_DATA & IDENTITIES.keys() <= checked
    assert {"aws_vpc", "aws_eip", "aws_iam_role", "aws_security_group", "aws_ecs_service", "aws_lb"} <= checked


def test_nothing_is_compared_while_a_state_is_locked(aws: EmbeddedAws, environment: Environment) -> None:
    s3 = environment.session.client("s3")
    variables = {**aws.environment, "LANGFUSE_ENV": "dev", "LANGFUSE_AWS__STATE__BUCKET": "recover-locked"}
    assert_one_line(ops_in_process("recover", environment=variables), "recover-locked", "`ops bootstrap --apply`")
    s3.create_bucket(Bucket="recover-locked")
    key = f"{environment.settings.state_key('data')}.tflock"
    s3.put_object(Bucket="recover-locked", Key=key, Body=b"{}")
    try:
        locked = ops_in_process("recover", "--apply", environment=variables)
    finally:
        s3.delete_object(Bucket="recover-locked", Key=key)
        s3.delete_bucket(Bucket="recover-locked")
    assert_one_line(locked, "langfuse/dev/data.tfstate is locked by somebody", "`ops unlock`")


def test_the_roles_of_another_region_are_not_taken(aws: EmbeddedAws) -> None:
    session = aws.session()
    s3 = session.client("s3", endpoint_url=aws.url)
    iam = session.client("iam", endpoint_url=aws.url)
    s3.create_bucket(Bucket="langfuse-dev-terraform-state")
    iam.create_role(RoleName="langfuse-dev-flow-logs", AssumeRolePolicyDocument=TRUST)
    logs = {
        "Effect": "Allow",
        "Action": "logs:PutLogEvents",
        "Resource": "arn:aws:logs:eu-west-1:000000000000:log-group:langfuse-dev-flow-logs:*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [logs]})
    iam.put_role_policy(RoleName="langfuse-dev-flow-logs", PolicyName="write", PolicyDocument=policy)
    try:
        ran = ops_in_process("recover", environment={**aws.environment, "LANGFUSE_ENV": "dev"})
        said = "the role langfuse-dev-flow-logs belongs to dev in another Region"
        assert_one_line(ran, said, "region_in_global_names = true")
    finally:
        iam.delete_role_policy(RoleName="langfuse-dev-flow-logs", PolicyName="write")
        iam.delete_role(RoleName="langfuse-dev-flow-logs")
        s3.delete_bucket(Bucket="langfuse-dev-terraform-state")


SECRET_VERSION = "aws_secretsmanager_secret_version"  # noqa: S105  # pragma: allowlist secret


@pytest.mark.parametrize("read", [None, "value"])
def test_no_value_of_a_secret_is_read_into_the_copy_of_a_state(read: str | None) -> None:
    """The provider reads it unless the state notes that it is write-only, which an interrupted deploy has not done."""
    interrupted = {"id": "arn|1", "has_secret_string_wo": None, "secret_string_wo_version": 1, "secret_string": read}
    whole = {**interrupted, "has_secret_string_wo": True, "secret_string": None}
    instances = [{"attributes": interrupted, "status": "tainted"}]
    state = {
        "resources": [
            {"mode": "managed", "type": SECRET_VERSION, "name": "salt", "instances": instances},
            {"mode": "managed", "type": "aws_vpc", "name": "vpc", "instances": [{"attributes": {"id": "vpc-1"}}]},
        ]
    }
    arguments = {"secret_string_wo": "${ephemeral.x}", "secret_string_wo_version": 1, "secret_id": "arn"}
    secret, vpc = without_values(state, {f"{SECRET_VERSION}.salt": arguments})["resources"]
    assert secret["instances"] == [{"attributes": whole, "status": "tainted"}]
    assert vpc["instances"] == [{"attributes": {"id": "vpc-1"}}]
