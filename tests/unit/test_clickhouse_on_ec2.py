"""Tests of ``ops clickhouse report`` and ``grow``, and of ``ops status``, with the instance of the embedded AWS."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from ops.clickhouse.forecast import Forecast
from ops.metrics import Value
from tests.command_line import Ran, assert_one_line
from tests.synthesis import app
from tests.unit.small_deployment import DISK, VOLUME_GIB, SmallDeployment
from tests.unit.test_rules_between_resources import wait_until_modified

EXTERNAL = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "external"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
GIB = 1024**3
SUMMARY = {
    "version": "26.4.1.1141",
    "total_bytes": 100 * GIB,
    # ClickHouse writes such numbers as text, unless it is told not to.
    "free_bytes": str(60 * GIB),
    "merges": "2",
    "oldest_merge_seconds": 35,
    "mutations": 0,
    "oldest_mutation_seconds": 0,
    "mutation_error": "",
}
TABLE = {
    "database": "default",
    "table": "observations",
    "rows": "1234567",
    "bytes": 12 * GIB,
    "parts": 45,
    "max_parts_per_partition": 12,
}


def policy_of_the_instance() -> str:
    """The instance's policy, without the statements of resources that do not exist here."""
    (policy,) = [
        policy["policy"]
        for name, policy in app("dev")["data"].resources("aws_iam_role_policy").items()
        if name.startswith("clickhouse-server_instance")
    ]
    found = json.loads(policy)
    return json.dumps({**found, "Statement": [it for it in found["Statement"] if it["Resource"] == ["*"]]})


def volume_gib(gib: int) -> dict[str, str]:
    """The settings with a volume of this size."""
    return {"LANGFUSE_AWS__CLICKHOUSE__VOLUME_GIB": str(gib)}


def answer(deployment: SmallDeployment, summary: Any, *tables: Any) -> None:
    """Sets what ClickHouse answers to the two queries of the report, each row as a line of JSON."""
    deployment.aws.answer_as_clickhouse(f"{json.dumps(summary)}\n", "".join(f"{json.dumps(row)}\n" for row in tables))


@pytest.fixture
def managed(deployment: SmallDeployment) -> Iterator[SmallDeployment]:
    """The deployment, with a role of the instance by which Systems Manager manages it."""
    iam, ec2 = deployment.client("iam"), deployment.client("ec2")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    iam.create_role(RoleName="clickhouse", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="clickhouse", PolicyName="clickhouse", PolicyDocument=policy_of_the_instance())
    iam.create_instance_profile(InstanceProfileName="clickhouse")
    iam.add_role_to_instance_profile(InstanceProfileName="clickhouse", RoleName="clickhouse")
    association = ec2.associate_iam_instance_profile(
        IamInstanceProfile={"Name": "clickhouse"}, InstanceId=instance_id(deployment)
    )["IamInstanceProfileAssociation"]["AssociationId"]
    yield deployment
    ec2.disassociate_iam_instance_profile(AssociationId=association)
    iam.remove_role_from_instance_profile(InstanceProfileName="clickhouse", RoleName="clickhouse")
    iam.delete_instance_profile(InstanceProfileName="clickhouse")
    iam.delete_role_policy(RoleName="clickhouse", PolicyName="clickhouse")
    iam.delete_role(RoleName="clickhouse")


def instance_id(deployment: SmallDeployment) -> str:
    (reservation,) = deployment.client("ec2").describe_instances()["Reservations"]
    return str(reservation["Instances"][0]["InstanceId"])


def publish_disk(deployment: SmallDeployment, values: dict[float, float]) -> None:
    """Publishes how full the disk was, in percent, by how many days ago."""
    now = datetime.now(UTC)
    data = [
        {
            "MetricName": DISK["MetricName"],
            "Dimensions": DISK["Dimensions"],
            "Timestamp": now - timedelta(days=days_ago),
            "Value": percent,
        }
        for days_ago, percent in values.items()
    ]
    deployment.client("cloudwatch").put_metric_data(Namespace=DISK["Namespace"], MetricData=data)


def test_the_report_has_the_tables_and_the_merges(managed: SmallDeployment) -> None:
    answer(managed, SUMMARY, TABLE)
    ran = managed.ops("clickhouse", "report")
    assert ran.returncode == 0, ran.stderr
    assert "langfuse-dev: ClickHouse 26.4.1.1141" in ran.stdout
    for cell in ("default.observations", "12.00", "1,234,567", "45"):
        assert f"│ {cell} " in ran.stdout
    assert "40.0 of 100.0 GiB are in use (40%)" in ran.stdout
    assert "2 running, the oldest is 0:00:35 old" in ran.stdout
    assert "none unfinished" in ran.stdout
    assert "can't be told yet" in ran.stdout


def test_the_report_as_json(managed: SmallDeployment) -> None:
    answer(managed, SUMMARY, TABLE, {**TABLE, "table": "traces"})
    ran = managed.ops("clickhouse", "report", "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["free_bytes"] == 60 * GIB
    assert [table["table"] for table in report["tables"]] == ["observations", "traces"]
    assert report["tables"][0]["rows"] == 1234567
    assert report["forecast"]["days_until_full"] is None


def test_hostile_names_and_errors_do_not_reach_the_terminal(managed: SmallDeployment) -> None:
    hostile = {**TABLE, "table": "a\x1b[2J\n[bold]b[/bold]"}
    summary = {**SUMMARY, "version": "26\x1b[3J", "mutations": 3, "mutation_error": "c\x1b]0;d\x07"}
    answer(managed, summary, hostile)
    ran = managed.ops("clickhouse", "report")
    assert ran.returncode == 0, ran.stderr
    assert not {"\x1b", "\x07"} & set(ran.stdout)
    assert r"default.a\x1b[2J, [bold]b[/bold]" in ran.stdout
    assert r"c\x1b]0;d\x07" in ran.stdout


@pytest.mark.parametrize(
    "answers",
    [
        ("",),
        ("26.4\n", ""),
        ("[]\n", ""),
        ('{"version": "26.4"}\n', ""),
        (json.dumps({**SUMMARY, "total_bytes": 0}), ""),
        (json.dumps(SUMMARY), '{"database": "defau'),
    ],
)
def test_an_answer_that_is_cut_off(managed: SmallDeployment, answers: tuple[str, ...]) -> None:
    managed.aws.answer_as_clickhouse(*answers, "")
    assert_one_line(managed.ops("clickhouse", "report"), "ClickHouse's answer can't be read")


def test_a_clickhouse_that_does_not_answer(managed: SmallDeployment) -> None:
    managed.aws.answer_as_clickhouse()
    ran = managed.ops("clickhouse", "report")
    assert_one_line(ran, "failed (Failed): Code: 210. DB::NetException: Connection refused", instance_id(managed))


@pytest.mark.parametrize("command", ["report", "grow"])
def test_an_instance_that_systems_manager_does_not_know(deployment: SmallDeployment, command: str) -> None:
    ran = deployment.ops("clickhouse", command, **volume_gib(VOLUME_GIB))
    assert_one_line(ran, "Systems Manager does not know i-", "`ops status`")


@pytest.mark.parametrize("command", ["report", "grow"])
def test_an_external_clickhouse_has_no_instance(deployment: SmallDeployment, command: str) -> None:
    ran = deployment.ops("clickhouse", command, **EXTERNAL)
    assert_one_line(ran, "dev has clickhouse.mode = external")


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({"Status": "TimedOut", "StatusDetails": "ExecutionTimedOut"}, "failed (TimedOut): ExecutionTimedOut"),
        ({"Status": "TimedOut", "StatusDetails": "DeliveryTimedOut"}, "failed (TimedOut): DeliveryTimedOut"),
        ({"Status": "Cancelled", "StatusDetails": "Cancelled"}, "failed (Cancelled): Cancelled"),
        (
            {"Status": "Failed", "StandardErrorContent": "\n\x1b[2Jsh: not found\nmore"},
            r"(Failed): \x1b[2Jsh: not found",
        ),
    ],
)
def test_a_command_that_does_not_end_well(
    result: dict[str, str], says: str, deployment: SmallDeployment, fake_server: HTTPServer
) -> None:
    sent = {"X-Amz-Target": "AmazonSSM.SendCommand"}
    asked = {"X-Amz-Target": "AmazonSSM.GetCommandInvocation"}
    fake_server.expect_oneshot_request("/", headers=sent).respond_with_json({"Command": {"CommandId": "0" * 36}})
    # At first, Systems Manager does not know the command; then it is on its way.
    fake_server.expect_oneshot_request("/", headers=asked).respond_with_json(
        {"__type": "InvocationDoesNotExist"}, status=400
    )
    fake_server.expect_oneshot_request("/", headers=asked).respond_with_json({"Status": "InProgress"})
    fake_server.expect_oneshot_request("/", headers=asked).respond_with_json(result)
    ran = deployment.ops("clickhouse", "report", AWS_ENDPOINT_URL_SSM=fake_server.url_for("/"))
    assert_one_line(ran, says)


def test_the_report_only_reads(deployment: SmallDeployment, fake_server: HTTPServer) -> None:
    fake_server.expect_request("/").respond_with_json({"Command": {"CommandId": "0" * 36}, "Status": "Cancelled"})
    deployment.ops("clickhouse", "report", AWS_ENDPOINT_URL_SSM=fake_server.url_for("/"))
    sent, _ = fake_server.log[0]
    first, *lines = json.loads(sent.data)["Parameters"]["commands"]
    assert first == "set -e"
    assert len(lines) == 2
    assert all(line.startswith('clickhouse-client --readonly 1 --query "SELECT ') for line in lines)


def test_the_volume_is_full_in_some_days(managed: SmallDeployment) -> None:
    # A volume that was 90 % full, then enlarged, and grows by 2 % a day since.
    publish_disk(managed, {8: 90, **{days_ago: 50 - 2 * days_ago for days_ago in (7, 6, 5, 4, 3, 2, 1, 0.01)}})
    answer(managed, SUMMARY, TABLE)
    forecast = json.loads(managed.ops("clickhouse", "report", "--json").stdout)["forecast"]
    assert forecast["observed_days"] == pytest.approx(7, abs=0.1)
    assert forecast["percent_a_day"] == pytest.approx(2, abs=0.05)
    assert forecast["days_until_full"] == pytest.approx(25, abs=1)
    assert "full in 25 days at the pace of the last 7.0 days (2 % a day)" in managed.ops("clickhouse", "report").stdout


def forecast(*percents: float, hours: float = 12) -> str:
    """What the report says of values of the disk's use, so many hours apart."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return str(Forecast.of([Value(start + number * timedelta(hours=hours), it) for number, it in enumerate(percents)]))


@pytest.mark.parametrize(
    ("percents", "says"),
    [
        ((), "can't be told yet: CloudWatch has 0.0 days of the disk's use, of the 2 it takes"),
        ((40,), "can't be told yet: CloudWatch has 0.0 days"),
        ((40, 41, 42, 43), "can't be told yet: CloudWatch has 1.5 days"),
        ((40, 41, 42, 43, 44), "full in 28 days at the pace of the last 2.0 days (2 % a day)"),
        ((40, 40, 40, 40, 40, 40), "the use of the volume has not grown in the last 2.5 days"),
        ((44, 43, 42, 41, 40), "the use of the volume has not grown in the last 2.0 days"),
        # Merges free some of it at times.
        ((40, 43, 41, 44, 42, 45), "full in 38 days at the pace of the last 2.5 days (1.4 % a day)"),
        # The volume was enlarged, or much was deleted.
        ((80, 81, 82, 83, 84, 40, 41), "can't be told yet: CloudWatch has 0.5 days"),
        ((80, 40, 41, 42, 43, 44), "full in 28 days"),
        ((40, 40, 40, 40, 40.01), "full in more than a year"),
        ((80, 85, 90, 95, 99.5), "full within a day"),
        ((100, 100, 100, 100, 100), "has not grown"),
    ],
)
def test_the_forecast(percents: tuple[float, ...], says: str) -> None:
    assert says in forecast(*percents)


def sizes(ran: Ran) -> tuple[float, float]:
    """The size of the file system before and after, in GiB."""
    assert ran.returncode == 0, ran.stderr
    grown = json.loads(ran.stdout)
    return grown["file_system_gib_before"], grown["file_system_gib_after"]


def test_a_larger_volume_is_given_to_the_file_system_once(managed: SmallDeployment) -> None:
    """All in one, since AWS takes four changes of a volume in 24 hours."""
    ec2 = managed.client("ec2")
    id_ = data_volume_id(managed)
    settings = volume_gib(VOLUME_GIB)
    ran = managed.ops("clickhouse", "grow", "--apply", **settings)
    assert "Nothing to do: the file system fills the volume." in ran.stdout

    larger = VOLUME_GIB + 10
    settings = volume_gib(larger)
    assert_one_line(
        managed.ops("clickhouse", "grow", "--apply", **settings),
        f"clickhouse.volume_gib = {larger}, but the volume has {VOLUME_GIB} GiB: first `make deploy ENV=dev`",
        "four changes of a volume in 24 hours",
    )

    ec2.modify_volume(VolumeId=id_, Size=larger)
    shown = managed.ops("clickhouse", "grow", **settings)
    assert shown.returncode == 0, shown.stderr
    assert f"Volume {id_}: {larger} GiB. File system: {VOLUME_GIB} GiB." in shown.stdout
    assert "Nothing was changed: add --apply to do it." in shown.stdout
    assert sizes(managed.ops("clickhouse", "grow", "--json", **settings)) == (VOLUME_GIB, VOLUME_GIB)

    assert sizes(managed.ops("clickhouse", "grow", "--apply", "--json", **settings)) == (VOLUME_GIB, larger)
    assert sizes(managed.ops("clickhouse", "grow", "--apply", "--json", **settings)) == (larger, larger)

    # The instance does not see the new size while AWS modifies the volume: the command waits.
    wait_until_modified(ec2, id_)
    smaller, larger = larger, larger + 10
    ec2.modify_volume(VolumeId=id_, Size=larger)
    settings = volume_gib(larger)
    assert sizes(managed.ops("clickhouse", "grow", "--apply", "--json", **settings)) == (smaller, larger)
    assert_one_line(
        managed.ops("clickhouse", "grow", "--apply", **volume_gib(VOLUME_GIB)),
        f"the volume has {larger} GiB, but the settings have clickhouse.volume_gib = {VOLUME_GIB}: set it to {larger}",
    )


def data_volume_id(deployment: SmallDeployment) -> str:
    named: Any = [{"Name": "tag:Name", "Values": ["langfuse-dev-clickhouse"]}]
    (volume,) = deployment.client("ec2").describe_volumes(Filters=named)["Volumes"]
    return str(volume["VolumeId"])


def test_status_shows_what_the_instance_publishes(deployment: SmallDeployment) -> None:
    values = {"mem_used_percent": 61.4, "max_parts_per_partition": 37, "oldest_merge_seconds": 3725}
    names = ("disk", "memory", "parts", "merges")
    before = states(deployment)
    assert {before[f"ClickHouse's {name}"] for name in names[1:]} == {"-"}
    for metric, value in values.items():
        dimensions = [{"Name": "Environment", "Value": "dev"}]
        data = {"MetricName": metric, "Dimensions": dimensions, "Value": value}
        deployment.client("cloudwatch").put_metric_data(Namespace="Langfuse/ClickHouse", MetricData=[data])
    deployment.publish_disk_used_percent(42)
    after = states(deployment)
    assert [after[f"ClickHouse's {name}"] for name in names] == ["42 %", "61 %", "37", "1:02:05"]


def states(deployment: SmallDeployment) -> dict[str, str]:
    """The states of the rows of ``ops status``, by what they are about."""
    return {row["what"]: row["state"] for row in json.loads(deployment.ops("status", "--json").stdout)}
