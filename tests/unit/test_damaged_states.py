"""Tests of every ``ops`` command with states that are damaged, foreign, old or lost: one line that names the way back.

The commands are taken from the program itself, so that a new one is tested as well.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from hypothesis import HealthCheck, given, settings, strategies as st

from ops.environment import Environment, OpsError
from ops.state.checks import check_states
from ops.state.states import OUTPUTS, NoBucketError
from ops.terraform_state import DamagedStateError, parse
from tests.command_line import PROJECT, assert_one_line
from tests.environments import EC2, ENVIRONMENTS, EXTERNAL, FIRST
from tests.states import BUCKET, resource
from tests.synthesis import app
from tests.unit.state_bucket import STATES, StateBucket, key
from tests.unit.test_clickhouse_values import GOOD
from tests.unit.test_ops_help import COMMANDS
from tests.unit.test_smoke import KEYS

READ_NO_STATE = {"ops bootstrap", "ops wait", "ops plan-review", "ops apply", "ops cost", "ops prices"}
"""For ``ops apply``, Terraform reads it."""
WAYS_BACK = {"ops state versions", "ops state restore", "ops unlock", "ops recover"}
READING = sorted(COMMANDS.keys() - READ_NO_STATE - WAYS_BACK)
ABOUT_EC2 = {"ops clickhouse report", "ops clickhouse grow"}
"""Of ClickHouse on EC2 alone."""
QUICK = [typed for typed in READING if typed != "ops preflight"]
WAY_BACK = rf"s3://{BUCKET}/langfuse/dev/(\w+)\.tfstate {{what}}: run `ops state versions \1`, then `ops state restore"


def changed(**content: object) -> Callable[[str], object]:
    """Returns what makes a stack's state with other content."""
    return lambda name: {**STATES[name], **content}


def of_next_stack(name: str) -> object:
    order = list(STATES)
    return STATES[order[(order.index(name) + 1) % len(order)]]


def of_prod(name: str) -> object:
    return {**STATES[name], "resources": [resource("aws_vpc", tags_all={"Environment": "prod"})]}


NO_STATE = "is JSON, but not a state of Terraform's"
DAMAGES: Mapping[str, tuple[Callable[[str], object], str]] = {
    "truncated": (lambda name: json.dumps(STATES[name]).encode()[:-20], "is truncated"),
    "empty": (lambda _: b"", "is empty"),
    "not JSON": (lambda _: b"<html>", "is not JSON"),
    "not UTF-8": (lambda _: b"\xff\xfe{}", "is not JSON"),
    "compressed": (lambda _: b"\x1f\x8b\x08\0\0", "is not JSON"),
    "nested": (lambda _: b"[" * 100_000, "is nested too deeply for a state of Terraform's"),
    "nested inside": (
        changed(outputs={"vpc_id": {"value": json.loads("[" * 900 + "]" * 900)}}),
        "is nested too deeply for a state of Terraform's",
    ),
    "a list": (lambda _: [], NO_STATE),
    "a number": (lambda _: 4, NO_STATE),
    "null": (lambda _: None, NO_STATE),
    "another object": (lambda _: {"Resources": {}}, NO_STATE),
    "version 3": (changed(version=3), r"is a state of version 3 \(Terraform 0\.11 or older\), not of version 4"),
    "version 5": (changed(version=5), "is a state of version 5, not of version 4"),
    "no version": (changed(version="4"), "is a state of an unknown version, not of version 4"),
    "encrypted": (
        lambda _: {"serial": 1, "lineage": "l", "encrypted_data": "x"},
        "was encrypted by OpenTofu, which Terraform can't read",
    ),
    "no lineage": (changed(lineage=None), "is not a state of Terraform's: lineage is missing or wrong"),
    "serial": (changed(serial="7"), "is not a state of Terraform's: serial is missing or wrong"),
    "negative serial": (changed(serial=-1), "is not a state of Terraform's: serial is missing or wrong"),
    "outputs": (changed(outputs=[]), "is not a state of Terraform's: outputs is missing or wrong"),
    "an output": (changed(outputs={"a": 1}), "is not a state of Terraform's: outputs.a is missing or wrong"),
    "resources": (changed(resources={"a": 1}), "is not a state of Terraform's: resources is missing or wrong"),
    "a resource": (changed(resources=[1]), r"is not a state of Terraform's: resources\.0 is missing or wrong"),
    "no attributes": (
        changed(resources=[{**resource("aws_vpc"), "instances": [{}]}]),
        r"is not a state of Terraform's: resources\.0\.instances\.0\.attributes is missing or wrong",
    ),
    "of another stack": (of_next_stack, r"is the state of the stack \w+"),
    "of another environment": (of_prod, "is a state of the environment prod"),
    "of another lineage": (
        lambda name: {**STATES[name], "lineage": f"other-{name}"},
        "has another lineage than its previous version, which has resources",
    ),
    "rolled back": (changed(serial=1), r"is older than its previous version: its serial is 1, not \d"),
}


@pytest.fixture
def examples(tmp_path: Path) -> Callable[[str], list[str]]:
    """Returns the arguments of a command's example, with files of the test."""
    (tmp_path / "keys.txt").write_text(KEYS)
    (tmp_path / "values.txt").write_text("\n".join(f"{name}={value}" for name, value in GOOD.items()))

    def arguments(typed: str) -> list[str]:
        (example,) = re.findall(r"^Example: ops (.+)$", COMMANDS[typed].help or "", re.MULTILINE)
        words = shlex.split(re.sub(r" --url \S+", "", example))
        return [str(tmp_path / word) if (tmp_path / word).exists() else word for word in words]

    return arguments


def assert_names_the_way_back(
    bucket: StateBucket, examples: Callable[[str], list[str]], what: str, commands: list[str]
) -> None:
    for typed in commands:
        ran = bucket.ops(*examples(typed), **FIRST, **(EC2 if typed in ABOUT_EC2 else {}))
        said = re.compile(WAY_BACK.format(what=what))
        if typed == "ops preflight":
            assert (ran.returncode, ran.stderr) == (1, "")
            assert said.search(ran.stdout), ran.stdout
        else:
            assert_one_line(ran)
            assert said.search(ran.stderr), (typed, ran.stderr)


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_command_names_the_damage_and_the_way_back(
    damage: str, state_bucket: StateBucket, examples: Callable[[str], list[str]]
) -> None:
    content, what = DAMAGES[damage]
    for name in STATES:
        state_bucket.put(name, content(name))
    assert_names_the_way_back(state_bucket, examples, what, READING if damage == "truncated" else QUICK)


def test_every_command_names_a_deleted_state(state_bucket: StateBucket, examples: Callable[[str], list[str]]) -> None:
    for name in STATES:
        state_bucket.delete(name)
    assert_names_the_way_back(state_bucket, examples, "is deleted, and its last version has resources", READING)
    # The listing of versions says what is wrong, and it is not refused.
    ran = state_bucket.ops("state", "versions")
    assert ran.stdout.count("current, deleted") == len(STATES)


def test_a_state_that_is_gone_with_its_versions(
    state_bucket: StateBucket, examples: Callable[[str], list[str]]
) -> None:
    state_bucket.forget(key("data"))
    what = "is missing, but the stack services, which stands on it, has resources"
    assert_names_the_way_back(
        state_bucket, examples, what, ["ops outputs", "ops status", "ops doctor", "ops plan", "ops preflight"]
    )


@pytest.mark.parametrize("value", [None, 4, [], {}, True], ids=str)
def test_an_output_that_is_no_text(
    value: object, state_bucket: StateBucket, examples: Callable[[str], list[str]]
) -> None:
    for name in STATES:
        output = {output: {"value": value} for output in STATES[name]["outputs"]}
        state_bucket.put(name, {**STATES[name], "outputs": output})
    assert_names_the_way_back(state_bucket, examples, r"has an output \w+ that is not a text", ["ops scale"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A state in which anything, at any place, was replaced, removed or cut."""
    content = json.loads(json.dumps(STATES["data"]))
    node: Any = content
    while draw(st.booleans()) and isinstance(node, (dict, list)) and node:
        place = draw(st.sampled_from(sorted(node))) if isinstance(node, dict) else draw(st.integers(0, len(node) - 1))
        if not isinstance(node[place], (dict, list)) or draw(st.booleans()):
            node[place] = draw(JSON)
            break
        node = node[place]
    body = json.dumps(content).encode()
    return body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body


@given(st.binary() | JSON.map(lambda content: json.dumps(content).encode()) | damaged())
def test_a_body_is_a_state_or_says_what_it_is(body: bytes) -> None:
    with suppress(DamagedStateError):
        assert parse(body).serial >= 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damaged(), st.sampled_from(["outputs", "status", "doctor", "scale"]))
def test_any_damage_ends_in_one_line_or_none(state_bucket: StateBucket, body: bytes, command: str) -> None:
    state_bucket.put("data", body)
    ran = state_bucket.ops(command)
    assert ran.returncode in (0, 1)
    assert ran.stderr.count("\n") <= 1
    assert "internal error" not in ran.stderr


def refused(environment: Environment) -> str:
    try:
        check_states(environment)
    except OpsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("noted", "is_refused"), [(None, True), (True, False)])
def test_a_secret_at_which_a_deploy_was_interrupted(
    noted: bool | None, is_refused: bool, state_bucket: StateBucket
) -> None:
    secret = resource("aws_secretsmanager_secret_version", "salt", has_secret_string_wo=noted)
    state_bucket.put("data", {**STATES["data"], "serial": 8, "resources": [*STATES["data"]["resources"], secret]})
    said = refused(state_bucket.environment())
    assert bool(said) is is_refused
    assert not said or "aws_secretsmanager_secret_version.salt" in said
    assert not said or "`ops recover --apply`" in said


def test_sound_states_pass(state_bucket: StateBucket) -> None:
    assert refused(state_bucket.environment()) == ""
    state_bucket.put("data", {**STATES["data"], "serial": 8})
    assert refused(state_bucket.environment()) == ""


def test_a_destroyed_environment_passes_and_a_deploy_after_it(state_bucket: StateBucket) -> None:
    for name, content in STATES.items():
        state_bucket.put(name, {**content, "serial": 20, "outputs": {}, "resources": []})
        assert refused(state_bucket.environment()) == ""
    state_bucket.delete("services")
    assert refused(state_bucket.environment()) == ""
    # Another lineage, since there was nothing to follow.
    state_bucket.put("services", {**STATES["services"], "lineage": "new"})
    state_bucket.put("data", {**STATES["data"], "serial": 21})
    assert refused(state_bucket.environment()) == ""


def test_versions_before_a_deletion_do_not_count(state_bucket: StateBucket) -> None:
    state_bucket.delete("services")
    state_bucket.put("services", {**STATES["services"], "lineage": "new", "serial": 1})
    assert refused(state_bucket.environment()) == ""


def test_a_damaged_previous_version_does_not_count(state_bucket: StateBucket) -> None:
    state_bucket.put("data", b"{")
    state_bucket.put("data", {**STATES["data"], "serial": 8})
    assert refused(state_bucket.environment()) == ""
    state_bucket.put("data", b"{")
    state_bucket.put("data", STATES["data"])
    assert "its serial is 7, not 8" in refused(state_bucket.environment())


def test_a_copy_of_another_stacks_state(state_bucket: StateBucket) -> None:
    """Without outputs, as after a deploy that was killed, only the lineage tells."""
    state_bucket.forget(key("services"))
    state_bucket.put("services", {**STATES["data"], "outputs": {}})
    assert "services.tfstate has the lineage of data's state" in refused(state_bucket.environment())


def test_a_copy_beside_the_states_is_left_alone(state_bucket: StateBucket) -> None:
    for name in ("old/data", "data-before-the-upgrade"):
        state_bucket.put(name, STATES["data"])
    assert refused(state_bucket.environment()) == ""
    shown = json.loads(state_bucket.ops("outputs", "--json").stdout)
    assert shown.keys() == {*STATES, "data-before-the-upgrade"}


def test_a_bucket_without_versions(state_bucket: StateBucket) -> None:
    state_bucket.remove()
    state_bucket.create(versioned=False)
    assert refused(state_bucket.environment()) == ""
    state_bucket.delete("data")
    said = refused(state_bucket.environment())
    assert "data.tfstate is missing, but the stack services" in said
    assert said.endswith("; if there is none, `ops recover`")


@pytest.mark.parametrize("status", [403, 501])
def test_credentials_that_may_not_list_versions(status: int, state_bucket: StateBucket) -> None:
    environment = state_bucket.environment()
    deny(environment, status)
    assert refused(environment) == ""
    state_bucket.delete("data")
    environment = state_bucket.environment()
    deny(environment, status)
    assert "data.tfstate is missing, but the stack services" in refused(environment)


def test_credentials_that_may_not_read_versions(state_bucket: StateBucket) -> None:
    """Without s3:GetObjectVersion, nothing says what an older version has."""
    state_bucket.put("network", {**STATES["network"], "serial": 1})
    state_bucket.delete("services")

    def deny_versions(request: Any, **_: object) -> AWSResponse | None:
        return answer(403) if "versionId" in request.url else None

    environment = state_bucket.environment()
    events: Any = environment.states.s3.meta.events
    events.register("before-send.s3.GetObject", deny_versions)
    assert refused(environment) == ""
    assert "is older" in refused(state_bucket.environment())


def deny(environment: Environment, status: int) -> None:
    """Lets S3 answer the listing of versions with an error."""
    events: Any = environment.states.s3.meta.events
    events.register("before-send.s3.ListObjectVersions", lambda **_: answer(status))


def answer(status: int) -> AWSResponse:
    """An answer of S3's that says no."""
    body = SimpleNamespace(stream=lambda **_: [b"<Error><Code>AccessDenied</Code></Error>"])
    return AWSResponse("", status, HTTPHeaders(), body)


def test_there_is_no_bucket(state_bucket: StateBucket) -> None:
    state_bucket.remove()
    with pytest.raises(NoBucketError, match=r"ops bootstrap --apply"):
        check_states(state_bucket.environment())
    assert state_bucket.environment().resources == []
    state_bucket.create()


TAGS = {"Project": "langfuse", "Environment": "dev"}
TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]


@pytest.fixture
def lost(state_bucket: StateBucket) -> StateBucket:
    """A bucket without a state or a version of one."""
    state_bucket.forget()
    return state_bucket


def test_nothing_was_ever_deployed(lost: StateBucket) -> None:
    assert refused(lost.environment()) == ""
    assert_one_line(lost.ops("status"), "the stack data of dev is not deployed: run `make deploy ENV=dev`")


def test_what_a_deploy_without_a_state_left(lost: StateBucket) -> None:
    secrets, logs = lost.client("secretsmanager"), lost.client("logs")
    names = [f"langfuse-dev/{name}" for name in ("salt", "encryption-key", "redis", "database-url")]
    try:
        for name in names:
            secrets.create_secret(Name=name, SecretString="x", Tags=TAG_LIST)
        logs.create_log_group(logGroupName="/langfuse/dev/web", tags=TAGS)
        for command in ("plan", "preflight"):
            ran = lost.ops(command)
            said = ran.stdout + ran.stderr
            assert ran.returncode == 1
            assert "no stack of dev has a state in" in said
            assert re.search(r"made langfuse-dev/\S+, langfuse-dev/\S+, langfuse-dev/\S+ and 2 more, so another", said)
            assert "`ops state versions` shows" in said
            assert "`ops recover`" in said
        # That of a stack beside these is none of them: it may be deployed before them.
        lost.put("access", {**STATES["network"], "lineage": "access", "outputs": {}})
        assert "no stack of dev has a state in" in refused(lost.environment())
        # One state is enough to go on with.
        lost.put("network", STATES["network"])
        assert refused(lost.environment()) == ""
    finally:
        for name in names:
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        logs.delete_log_group(logGroupName="/langfuse/dev/web")


def test_a_network_without_a_state_is_not_made_twice(lost: StateBucket) -> None:
    """Terraform stores nothing in the first seconds: a killed deploy has left these, and nothing with a name."""
    ec2 = lost.client("ec2")
    tags = [*TAG_LIST, {"Key": "Name", "Value": "langfuse-dev"}]
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])["Vpc"][
        "VpcId"
    ]
    try:
        assert vpc in refused(lost.environment())
    finally:
        ec2.delete_vpc(VpcId=vpc)
    address_tags = [*TAG_LIST, {"Key": "Name", "Value": "langfuse-dev-0"}]
    address = ec2.allocate_address(
        Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": address_tags}]
    )["AllocationId"]
    try:
        assert address in refused(lost.environment())
    finally:
        ec2.release_address(AllocationId=address)
    assert refused(lost.environment()) == ""


def test_credentials_that_may_not_look_for_the_network(lost: StateBucket) -> None:
    body = b"<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>"
    denied = AWSResponse("", 403, HTTPHeaders(), SimpleNamespace(stream=lambda **_: [body]))
    environment = lost.environment()
    events: Any = environment.session.events
    events.register("before-send.ec2", lambda **_: denied)
    assert refused(environment) == ""


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_cdktf_refuses_to_go_on_from_a_deleted_state(command: str, state_bucket: StateBucket, tmp_path: Path) -> None:
    state_bucket.delete("network")
    ran = subprocess.run(
        [sys.executable, "-m", "launchers.cdktf", command, "*", "--auto-approve", "--output", str(tmp_path)],
        cwd=PROJECT,
        env={**os.environ, **state_bucket.aws.environment, "LANGFUSE_ENV": "dev"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_one_line(ran, "cdktf: s3://", "network.tfstate is deleted", "`ops state versions network`")
    assert not (tmp_path / "stacks").exists()


def test_what_a_destroy_leaves_is_no_lost_state(lost: StateBucket) -> None:
    """Secrets that are scheduled for deletion, AWS's own log groups, and what users and other environments made."""
    secrets, logs = lost.client("secretsmanager"), lost.client("logs")
    of_others = {**TAGS, "Environment": "x"}
    groups = ("/aws/rds/instance/langfuse-dev-postgres/postgresql", "langfuse-dev-flow-logs-x")
    try:
        secrets.create_secret(Name="langfuse-dev/salt", SecretString="x", Tags=TAG_LIST)
        secrets.delete_secret(SecretId="langfuse-dev/salt")  # pragma: allowlist secret
        secrets.create_secret(Name="langfuse-dev/own", SecretString="x")
        logs.create_log_group(logGroupName=groups[0])
        logs.create_log_group(logGroupName=groups[1], tags=of_others)
        assert refused(lost.environment()) == ""
    finally:
        for name in ("salt", "own"):
            secrets.delete_secret(SecretId=f"langfuse-dev/{name}", ForceDeleteWithoutRecovery=True)
        for name in groups:
            logs.delete_log_group(logGroupName=name)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("mode", [EC2, EXTERNAL], ids=["ec2", "external"])
def test_each_stack_has_the_output_that_tells_it_from_the_others(environment: str, mode: dict[str, str]) -> None:
    stacks = app(environment, mode)
    assert list(stacks) == list(OUTPUTS)
    for stack, synthesized in stacks.items():
        assert OUTPUTS.keys() & {name for name in OUTPUTS if OUTPUTS[name] in synthesized.json["output"]} == {stack}
