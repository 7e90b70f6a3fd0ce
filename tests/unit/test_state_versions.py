"""Tests of ``ops state versions`` and ``ops state restore``."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ops.environment import OpsError
from ops.state import lock
from ops.state.checks import check_states
from tests.command_line import assert_one_line
from tests.states import BUCKET, resource
from tests.unit.state_bucket import STATES, StateBucket, key

LOCK = key("data") + ".tflock"
HELD = {"ID": "1b4e28ba", "Operation": "OperationTypeApply", "Who": "ci@runner", "Created": "2026-01-02T03:04:05Z"}


def listed(bucket: StateBucket, *stack: str) -> list[dict[str, Any]]:
    ran = bucket.ops("state", "versions", *stack, "--json")
    assert ran.returncode == 0, ran.stderr
    return list(json.loads(ran.stdout))


def current(bucket: StateBucket, stack: str) -> str:
    return str(bucket.s3.head_object(Bucket=BUCKET, Key=key(stack))["VersionId"])


def metadata(bucket: StateBucket) -> Any:
    return bucket.s3.head_object(Bucket=BUCKET, Key=key("data"))


def test_every_version_is_described_newest_first(state_bucket: StateBucket) -> None:
    state_bucket.delete("data")
    state_bucket.put("data", {**STATES["data"], "lineage": "0123456789", "serial": 1})
    state_bucket.put("data", b"{")
    state_bucket.s3.put_object(Bucket=BUCKET, Key=LOCK, Body=b"{}")
    found = listed(state_bucket, "data")
    assert [(each["serial"], each["resources"], each["current"], each["deleted"], each["wrong"]) for each in found] == [
        (None, None, True, False, "is truncated"),
        (1, 2, False, False, ""),
        (None, None, False, True, ""),
        (7, 2, False, False, ""),
    ]
    assert {each["stack"] for each in listed(state_bucket)} == {"network", "data", "services"}
    shown = state_bucket.ops("state", "versions", "data").stdout
    assert "current, is truncated" in shown
    assert "01234567 " in shown
    assert "0123456789" not in shown
    assert found[0]["version"] in shown


def test_a_state_that_is_sound_alone_is_compared(state_bucket: StateBucket) -> None:
    state_bucket.put("data", {**STATES["data"], "serial": 1})
    state_bucket.put("network", STATES["data"])
    assert [each["wrong"] for each in listed(state_bucket) if each["current"]] == [
        "is the state of the stack data",
        "is older than its previous version: its serial is 1, not 7",
        "",
    ]


def test_a_version_that_cant_be_read_hides_no_other(state_bucket: StateBucket) -> None:
    """It is archived here; another reason is a KMS key that is gone."""
    state_bucket.s3.put_object(Bucket=BUCKET, Key=key("data"), Body=b"{}", StorageClass="GLACIER")
    archived, before = listed(state_bucket, "data")
    assert archived["wrong"].startswith("AWS refused GetObject: InvalidObjectState")
    assert before["serial"] == 7


def test_more_versions_than_a_page(state_bucket: StateBucket) -> None:
    first = current(state_bucket, "data")
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: state_bucket.put("network", b"{"), range(1000)))
        list(pool.map(lambda _: state_bucket.put("data", b"{"), range(10)))
    assert len(listed(state_bucket)) == 3 + 1010
    ran = state_bucket.ops("state", "restore", first, "--apply")
    assert ran.returncode == 0, ran.stderr
    assert state_bucket.get("data")["serial"] == 8


def test_a_stack_without_versions(state_bucket: StateBucket) -> None:
    assert_one_line(state_bucket.ops("state", "versions", "audit"), "audit.tfstate, only of: network, data, services")
    state_bucket.forget()
    assert "no version of a state" in state_bucket.ops("state", "versions").stdout
    assert listed(state_bucket) == []


def test_a_deleted_state_is_restored(state_bucket: StateBucket) -> None:
    version = current(state_bucket, "data")
    state_bucket.delete("data")
    dry = state_bucket.ops("state", "restore", version)
    assert dry.returncode == 0, dry.stderr
    assert "2 resources" in dry.stdout
    assert "aws_db_instance.one" in dry.stdout
    assert "add --apply" in dry.stdout
    with pytest.raises(OpsError, match="is deleted"):
        check_states(state_bucket.environment())
    applied = state_bucket.ops("state", "restore", version, "--apply")
    assert applied.returncode == 0, applied.stderr
    assert state_bucket.get("data") == {**STATES["data"], "serial": 8}
    check_states(state_bucket.environment())
    assert "Contents" not in state_bucket.s3.list_objects_v2(Bucket=BUCKET, Prefix=LOCK)


def test_the_difference_to_the_present_state(state_bucket: StateBucket) -> None:
    version = current(state_bucket, "data")
    module = {**resource("aws_sqs_queue", "two"), "module": "module.extra"}
    module["instances"] = [{**module["instances"][0], "index_key": index} for index in (0, "b")]
    resources = [STATES["data"]["resources"][0], module]
    newer = state_bucket.put("data", {**STATES["data"], "serial": 12, "resources": resources})
    ran = state_bucket.ops("state", "restore", version, "--json")
    found = json.loads(ran.stdout)
    assert found["gained"] == ["aws_s3_bucket.one"]
    assert found["lost"] == ['module.extra.aws_sqs_queue.two["b"]', "module.extra.aws_sqs_queue.two[0]"]
    assert (found["serial"], found["new_serial"], found["applied"]) == (7, 13, False)
    applied = json.loads(state_bucket.ops("state", "restore", version, "--apply", "--json").stdout)
    assert applied["applied"] is True
    # The state before is there still, and can be restored as well: its serial is again above all.
    assert json.loads(state_bucket.ops("state", "restore", newer, "--apply", "--json").stdout)["new_serial"] == 14
    assert state_bucket.get("data")["resources"] == resources
    check_states(state_bucket.environment())


def test_a_restored_state_may_have_another_lineage_than_what_replaced_it(state_bucket: StateBucket) -> None:
    version = current(state_bucket, "data")
    state_bucket.put("data", {**STATES["data"], "lineage": "of a second deploy", "serial": 40})
    assert state_bucket.ops("state", "restore", version, "--apply").returncode == 0
    assert state_bucket.get("data")["serial"] == 41
    check_states(state_bucket.environment())
    # What Terraform writes next has its lineage.
    state_bucket.put("data", {**STATES["data"], "serial": 42})
    check_states(state_bucket.environment())
    state_bucket.put("data", {**STATES["data"], "serial": 41})
    with pytest.raises(OpsError, match="is older"):
        check_states(state_bucket.environment())


@pytest.mark.parametrize("kms", [False, True], ids=["S3's key", "own key"])
def test_it_is_stored_as_terraform_does(kms: bool, state_bucket: StateBucket) -> None:
    key_arn = state_bucket.client("kms").create_key()["KeyMetadata"]["Arn"] if kms else ""
    variables = {"LANGFUSE_AWS__STATE__KMS_KEY_ID": key_arn} if kms else {}
    version = current(state_bucket, "data")
    assert state_bucket.ops("state", "restore", version, "--apply", **variables).returncode == 0
    stored = metadata(state_bucket)
    assert stored["ContentType"] == "application/json"
    assert stored["ServerSideEncryption"] == ("aws:kms" if kms else "AES256")
    assert stored.get("SSEKMSKeyId", "") == key_arn


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"{", "is truncated"),
        (STATES["services"], "is the state of the stack services"),
        ({**STATES["network"], "outputs": {}}, "has the lineage of network's state"),
    ],
    ids=["damaged", "foreign", "lineage"],
)
def test_a_version_that_is_no_way_back(content: object, what: str, state_bucket: StateBucket) -> None:
    version = state_bucket.put("data", content)
    state_bucket.put("data", STATES["data"])
    for apply in ([], ["--apply"]):
        assert_one_line(state_bucket.ops("state", "restore", version, *apply), version, key("data"), what)
    assert state_bucket.get("data") == STATES["data"]
    assert "Contents" not in state_bucket.s3.list_objects_v2(Bucket=BUCKET, Prefix=LOCK)


def test_versions_that_are_none(state_bucket: StateBucket) -> None:
    assert_one_line(state_bucket.ops("state", "restore", "unknown"), "no states have a version unknown")
    state_bucket.s3.put_object(Bucket=BUCKET, Key=LOCK, Body=b"{}")
    of_lock = state_bucket.s3.head_object(Bucket=BUCKET, Key=LOCK)["VersionId"]
    assert_one_line(state_bucket.ops("state", "restore", of_lock), "no states have a version")
    state_bucket.delete("data")
    (marker,) = (each["version"] for each in listed(state_bucket) if each["deleted"])
    assert_one_line(state_bucket.ops("state", "restore", marker), "only says that the state was deleted")


def test_a_bucket_that_keeps_no_versions(state_bucket: StateBucket) -> None:
    version = current(state_bucket, "data")
    state_bucket.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    for apply in ([], ["--apply"]):
        assert_one_line(state_bucket.ops("state", "restore", version, *apply), "`ops bootstrap --apply`")


def test_a_state_that_is_locked_is_left(state_bucket: StateBucket) -> None:
    version = current(state_bucket, "data")
    state_bucket.put("data", b"{")
    state_bucket.s3.put_object(Bucket=BUCKET, Key=LOCK, Body=json.dumps(HELD).encode())
    says = ("data.tfstate is locked by ci@runner since 2026-01-02 03:04:05Z, ", "OperationTypeApply", "`ops unlock`")
    assert_one_line(state_bucket.ops("state", "restore", version, "--apply"), *says)
    assert json.loads(state_bucket.s3.get_object(Bucket=BUCKET, Key=LOCK)["Body"].read()) == HELD
    assert state_bucket.s3.get_object(Bucket=BUCKET, Key=key("data"))["Body"].read() == b"{"
    # To look at it needs no lock.
    assert state_bucket.ops("state", "restore", version).returncode == 0


def test_of_many_at_once_one_holds_the_lock(state_bucket: StateBucket) -> None:
    versions = {current(state_bucket, "data"), state_bucket.put("data", {**STATES["data"], "serial": 8})}
    states = state_bucket.environment().states

    def hold(number: int) -> bool:
        try:
            with lock.held(states, "data", f"test {number}"):
                found = lock.read(states, "data")
                return found is not None and found.operation == f"test {number}"
        except OpsError:
            return False

    with lock.held(states, "data", "the first"):
        with ThreadPoolExecutor(8) as pool:
            assert not any(pool.map(hold, range(8)))
        for version in versions:
            assert_one_line(state_bucket.ops("state", "restore", version, "--apply"), "is locked by", "the first")
    assert lock.read(states, "data") is None
    assert hold(9)


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError, SystemExit])
def test_the_lock_is_released_however_it_ends(end: type[BaseException], state_bucket: StateBucket) -> None:
    states = state_bucket.environment().states
    held = {}

    def fail() -> None:
        held.update(json.loads(state_bucket.s3.get_object(Bucket=BUCKET, Key=LOCK)["Body"].read()))
        raise end

    with pytest.raises(end), lock.held(states, "data", "test"):
        fail()
    assert held.keys() == {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}
    assert held["Path"] == f"{BUCKET}/{key('data')}"
    assert lock.read(states, "data") is None


def test_a_lost_answer_is_not_another_holder(state_bucket: StateBucket) -> None:
    """boto3 repeats the request, and S3 then answers that the object exists."""
    states = state_bucket.environment().states
    put, bodies = state_bucket.s3.put_object, []

    def stored_before(params: dict[str, Any], **_: object) -> None:
        bodies.append(params["body"])
        put(Bucket=BUCKET, Key=LOCK, Body=params["body"])

    states.s3.meta.events.register("before-call.s3.PutObject", stored_before)
    with lock.held(states, "data", "test"):
        assert bodies
    assert lock.read(states, "data") is None
