"""Tests of what ``ops upgrade`` refuses. tests/e2e/test_day_two.py tests what it does."""

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from ops import upgrade
from ops.clickhouse import connection
from settings.variables.write_mode import HISTORIC_BACKFILL, MEANINGS, OTEL_BEHAVIOUR, WRITE_MODE
from tests.command_line import Ran, assert_one_line
from tests.unit.small_deployment import CLUSTER, WEB, SmallDeployment

VARIABLE = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__"
LEGACY = {
    f"{VARIABLE}{WRITE_MODE}": "legacy",
    f"{VARIABLE}{OTEL_BEHAVIOUR}": "dual_write",
    f"{VARIABLE}{HISTORIC_BACKFILL}": "false",
}
DUAL = {f"{VARIABLE}{WRITE_MODE}": "dual"}
APPLY = ["--apply", "--timeout", "1"]
EXTERNAL = {"LANGFUSE_AWS__CLICKHOUSE__MODE": "external"}


def assert_fine(ran: Ran, *parts: str) -> None:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for part in parts:
        assert part in ran.stdout


def migrations(deployment: SmallDeployment) -> list[str]:
    ecs = deployment.client("ecs")
    return list(ecs.list_tasks(cluster=CLUSTER, family=f"{WEB}-migration")["taskArns"])


def test_a_newer_version_3_needs_no_write_mode(deployment: SmallDeployment) -> None:
    ran = deployment.ops("upgrade", "3.226.0")
    assert_fine(ran, "3.225.7 → 3.226.0", "add --apply")
    assert "write" not in ran.stdout


@pytest.mark.parametrize("options", [[], APPLY])
def test_version_4_must_be_told_how_to_write(deployment: SmallDeployment, options: list[str]) -> None:
    ran = deployment.ops("upgrade", "4.16.0", *options)
    assert_one_line(ran, WRITE_MODE, "environments/dev.toml", "--write-mode", "docs/upgrade-to-4.md")
    assert all(mode in ran.stdout for mode in MEANINGS)
    assert migrations(deployment) == []


def test_a_mode_that_needs_more_is_refused(deployment: SmallDeployment) -> None:
    """The settings are those of version 3, in which the mode needs nothing else."""
    chosen = {f"{VARIABLE}{WRITE_MODE}": "legacy", "LANGFUSE_AWS__LANGFUSE__VERSION": "3.225.7"}
    ran = deployment.ops("upgrade", "4.16.0", **chosen)
    assert_one_line(ran, f"{OTEL_BEHAVIOUR} = dual_write", f"{HISTORIC_BACKFILL} = false")


def test_a_mode_is_shown_before_it_is_in_the_settings(deployment: SmallDeployment) -> None:
    deployment.publish_disk_used_percent(20)
    assert_fine(deployment.ops("upgrade", "4.16.0", "--write-mode", "dual"), MEANINGS["dual"], "4.7.0", "5.4.0")
    applied = deployment.ops("upgrade", "4.16.0", "--write-mode", "dual", *APPLY)
    assert_one_line(applied, "the services have the mode from the settings", WRITE_MODE)
    other = deployment.ops("upgrade", "4.16.0", "--write-mode", "dual", *APPLY, **LEGACY)
    assert_one_line(other, "the services have the mode from the settings")
    assert migrations(deployment) == []


def test_the_backfill_needs_three_times_the_disk(deployment: SmallDeployment) -> None:
    deployment.publish_disk_used_percent(40)
    ran = deployment.ops("upgrade", "4.16.0", **DUAL)
    assert_one_line(ran, "too small for the backfill", "clickhouse.volume_gib = 60", HISTORIC_BACKFILL)
    assert "20 of 50 GiB are in use" in ran.stdout
    assert_fine(deployment.ops("upgrade", "4.16.0", **LEGACY), "is switched off", "20 of 50 GiB")


def test_a_disk_that_can_not_be_measured_is_told(deployment: SmallDeployment) -> None:
    assert_fine(deployment.ops("upgrade", "4.16.0", **DUAL, **EXTERNAL), "external: check its disk yourself")
    deployment.publish_disk_used_percent(20)
    ec2 = deployment.client("ec2")
    (volume,) = ec2.describe_volumes(Filters=[{"Name": "tag:Name", "Values": ["langfuse-dev-clickhouse"]}])["Volumes"]
    (attachment,) = volume["Attachments"]
    ec2.detach_volume(VolumeId=volume["VolumeId"])
    assert_fine(deployment.ops("upgrade", "4.16.0", **DUAL), "is not attached or has no metric", "check it yourself")
    ec2.attach_volume(**{name: attachment[name] for name in ("VolumeId", "InstanceId", "Device")})


@pytest.fixture
def server(deployment: SmallDeployment, fake_server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """An external ClickHouse, whose address and credentials are in the secrets. It has no TLS."""
    monkeypatch.setitem(connection.PORTS, "external", ({"http": (fake_server.port,)}, (9440,)))
    deployment.store("clickhouse-url", f"http://127.0.0.1:{fake_server.port}")
    deployment.store("clickhouse-user", "langfuse")
    deployment.store("clickhouse-password", "secret-9")
    return fake_server


@pytest.mark.parametrize(
    ("answer", "version", "refused"),
    [
        ("26.9.2.1\t0\n", "3.226.0", None),
        ("26.9.2.1\t0\n", "4.28.0", None),
        ("26.9.2.1\t0\n", "4.16.0", "needs clickhouse a version below 26.8"),
        ("26.9.2.1\t1\n", "4.16.0", None),
        ("25.8.22.28\t\n", "4.28.0", "needs clickhouse 25.12 or newer"),
        (
            "27.1.2.3\t0\n",
            "4.28.0",
            "has clickhouse 27.1.2.3: it must be 26.9 or older; allow_untested_versions = true",
        ),
    ],
)
def test_the_running_clickhouse_must_fit(
    deployment: SmallDeployment, server: HTTPServer, answer: str, version: str, refused: str | None
) -> None:
    credentials = {"X-ClickHouse-User": "langfuse", "X-ClickHouse-Key": "secret-9"}
    server.expect_request("/", "GET", headers=credentials).respond_with_data(answer)
    ran = deployment.ops("upgrade", version, **EXTERNAL, **LEGACY)
    if refused:
        assert_one_line(ran, refused, answer.partition("\t")[0])
    else:
        assert_fine(ran, "add --apply")


def test_a_version_that_is_too_new_to_be_known_can_be_allowed(deployment: SmallDeployment) -> None:
    refused = deployment.ops("upgrade", "5.0.0", **LEGACY)
    assert refused.returncode == 2
    assert "allow_untested_versions = true" in " ".join(refused.stderr.split())
    allowed = deployment.ops("upgrade", "5.0.0", **LEGACY, LANGFUSE_AWS__ALLOW_UNTESTED_VERSIONS="true")
    assert_fine(allowed, "3.225.7 → 5.0.0", "add --apply")


@pytest.fixture
def migration_to_stop(deployment: SmallDeployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(upgrade, "POLL_SECONDS", 0.01)
    yield
    for task in migrations(deployment):
        deployment.client("ecs").stop_task(cluster=CLUSTER, task=task)


@pytest.mark.usefixtures("migration_to_stop")
def test_a_step_that_was_chosen_migrates(deployment: SmallDeployment) -> None:
    ran = deployment.ops("upgrade", "4.16.0", *APPLY, **LEGACY)
    assert_one_line(ran, "the migration still runs after 1 s")
    assert len(migrations(deployment)) == 1


DIGEST = f"sha256:{'a' * 64}"
DIGESTS = {"LANGFUSE_AWS__LANGFUSE__WEB_DIGEST": DIGEST, "LANGFUSE_AWS__LANGFUSE__WORKER_DIGEST": DIGEST}
WRITER = {"name": "ca-certificates", "image": "registry.example.com:5000/langfuse:3.225.7", "essential": False}


@pytest.fixture
def mirrored(deployment: SmallDeployment) -> Iterator[None]:
    """Web with an image of a registry with a port, pinned by a digest, and a container that ends before it starts."""
    deployment.run_web(f"3.225.7@sha256:{'b' * 64}", repository="registry.example.com:5000/langfuse", first=WRITER)
    yield
    deployment.run_web("3.225.7")


@pytest.mark.usefixtures("mirrored", "migration_to_stop")
def test_the_migration_has_the_image_of_webs_registry(deployment: SmallDeployment) -> None:
    assert_fine(deployment.ops("upgrade", "3.225.7"), "web runs 3.225.7 already")
    assert_fine(deployment.ops("upgrade", "3.226.0"), "One task of registry.example.com:5000/langfuse:3.226.0 migrates")
    assert_one_line(deployment.ops("upgrade", "3.226.0", *APPLY), "the migration still runs after 1 s")
    ecs = deployment.client("ecs")
    (task,) = ecs.describe_tasks(cluster=CLUSTER, tasks=migrations(deployment))["tasks"]
    started = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
    web, writer = started["containerDefinitions"]
    assert (web["image"], web["command"]) == ("registry.example.com:5000/langfuse:3.226.0", ["true"])
    assert (writer["name"], writer["image"]) == (WRITER["name"], WRITER["image"])
    assert web["dependsOn"] == [{"containerName": "ca-certificates", "condition": "SUCCESS"}]


@pytest.mark.usefixtures("mirrored")
def test_a_version_that_the_settings_do_not_pin_is_refused(deployment: SmallDeployment) -> None:
    chosen = {**DIGESTS, "LANGFUSE_AWS__LANGFUSE__VERSION": "3.225.7"}
    assert_one_line(deployment.ops("upgrade", "3.226.0", **chosen), "web_digest and worker_digest of 3.226.0")
    pinned = deployment.ops("upgrade", "3.226.0", **{**chosen, "LANGFUSE_AWS__LANGFUSE__VERSION": "3.226.0"})
    assert_fine(pinned, f"One task of registry.example.com:5000/langfuse:3.226.0@{DIGEST} migrates")


def test_an_image_without_a_version_is_told(deployment: SmallDeployment) -> None:
    deployment.run_web("latest")
    assert_one_line(deployment.ops("upgrade", "3.226.0"), "langfuse/langfuse:latest, whose tag is no version")
    deployment.run_web("3.225.7")
