"""Runs the boot script in a temporary root folder, with stubs for the programs of the instance."""

import hashlib
import os
import re
import subprocess
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from modules.data.clickhouse.instance import BOOT_SCRIPT
from ops.clickhouse.report import LARGEST_TABLES, SUMMARY

PASSWORD = "abcDEF123"  # noqa: S105  # pragma: allowlist secret
BLANK, FORMATTED, UNREADABLE = 2, 0, 8

STUB = """#!/bin/sh
echo "{name} $*" >> "{calls}"
{body}
"""


@dataclass
class Machine:
    """A temporary root folder, a folder of stub programs, and a log of their calls."""

    root: Path
    stubs: Path
    calls_file: Path

    def stub(self, name: str, body: str = "") -> None:
        program = self.stubs / name
        program.write_text(STUB.format(name=name, calls=self.calls_file, body=body))
        program.chmod(0o755)

    def boot(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(BOOT_SCRIPT)],
            env={
                "PATH": f"{self.stubs}:/usr/bin:/bin",
                "ROOT": str(self.root),
                "AWS_REGION": "eu-central-1",
                "VOLUME_ID": "vol-0123",
                "CLICKHOUSE_VERSION": "26.4",
                "CLICKHOUSE_USER": "langfuse",
                "PASSWORD_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:password",
                "ENVIRONMENT": "dev",
                "METRIC_NAMESPACE": "Langfuse/ClickHouse",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def called(self, program: str) -> list[str]:
        return [call for call in self.calls if call.startswith(f"{program} ")]

    def written(self) -> dict[str, str]:
        """Returns the text of each file below the root, except the device."""
        files = [path for path in self.root.rglob("*") if path.is_file() and "dev" not in path.parts[-4:]]
        return {str(path.relative_to(self.root)): path.read_text() for path in files}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a blank volume that is not mounted, on which every command succeeds."""
    made = Machine(tmp_path / "root", tmp_path / "stubs", tmp_path / "calls")
    made.stubs.mkdir()
    device = made.root / "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123"  # pragma: allowlist secret
    device.parent.mkdir(parents=True)
    device.touch()
    agent = made.root / "opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
    agent.parent.mkdir(parents=True)
    (made.root / "etc").mkdir()
    made.stub("aws", f"echo '{PASSWORD}'")
    made.stub("blkid", f"exit {BLANK}")
    made.stub("mountpoint", "exit 1")
    for name in ("mkfs.xfs", "mount", "xfs_growfs", "dnf", "systemctl", "chown", "sleep"):
        made.stub(name)
    # The package's user is who runs the test, and so owns what is on the volume.
    made.stub("id", f"echo {os.getuid()}")
    made.stub("amazon-cloudwatch-agent-ctl")
    (made.stubs / "amazon-cloudwatch-agent-ctl").rename(agent)
    return made


def test_a_blank_volume_is_formatted_and_mounted_before_anything_is_installed(machine: Machine) -> None:
    ran = machine.boot()
    assert ran.returncode == 0, ran.stderr
    order = [call.split()[0] for call in machine.calls]
    expected = ["aws", "blkid", "mkfs.xfs", "mountpoint", "mount", "xfs_growfs", "dnf", "id", "chown"]
    assert order == [*expected, "amazon-cloudwatch-agent-ctl", *["systemctl"] * 4]
    assert machine.called("mkfs.xfs")[0].endswith("nvme-Amazon_Elastic_Block_Store_vol0123")
    assert machine.calls[-2] == "systemctl restart clickhouse-server"


def test_a_formatted_volume_is_never_formatted_again(machine: Machine) -> None:
    machine.stub("blkid", f"exit {FORMATTED}")
    assert machine.boot().returncode == 0
    assert machine.called("mkfs.xfs") == []
    assert len(machine.called("mount")) == 1


def test_a_volume_that_cannot_be_read_is_left_alone(machine: Machine) -> None:
    machine.stub("blkid", f"exit {UNREADABLE}")
    ran = machine.boot()
    assert ran.returncode == 1
    assert "STOPPED: blkid cannot tell what is on vol-0123" in ran.stderr
    assert machine.called("mkfs.xfs") == []
    assert machine.called("dnf") == []


def test_a_second_boot_changes_nothing(machine: Machine) -> None:
    assert machine.boot().returncode == 0
    before = machine.written()
    machine.calls_file.unlink()
    machine.stub("blkid", f"exit {FORMATTED}")
    machine.stub("mountpoint", "exit 0")
    assert machine.boot().returncode == 0
    assert machine.written() == before
    assert machine.called("mkfs.xfs") == machine.called("mount") == []
    assert before["etc/fstab"].count("/var/lib/clickhouse") == 1


def test_data_of_an_instance_whose_user_had_another_number_is_given_to_this_ones(machine: Machine) -> None:
    """The package's installation has given the user the top folder already, but nothing inside."""
    data = machine.root / "var/lib/clickhouse"
    inside = data / "store"
    inside.mkdir(parents=True)
    try:
        os.chown(inside, 12345, -1)
    except PermissionError:
        # Only root can give a file away. For others, the top folder has another number too.
        machine.stub("id", "echo 12345")
    assert machine.boot().returncode == 0
    assert machine.called("chown")[0] == f"chown -R clickhouse:clickhouse {data}"


def test_data_of_the_same_user_is_left_alone(machine: Machine) -> None:
    assert machine.boot().returncode == 0
    assert [call for call in machine.called("chown") if "/var/lib" in call] == []


def test_without_its_password_it_stops_loudly_and_does_nothing(machine: Machine) -> None:
    machine.stub("aws", "exit 255")
    ran = machine.boot()
    assert ran.returncode != 0
    assert "STOPPED: the password cannot be read from arn:aws:secretsmanager" in ran.stderr
    assert {call.split()[0] for call in machine.calls} == {"aws", "sleep"}
    assert len(machine.called("aws")) == 5
    assert machine.written().keys() == {"opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"}


def test_an_empty_password_is_none(machine: Machine) -> None:
    machine.stub("aws", "echo")
    assert machine.boot().returncode != 0
    assert machine.called("dnf") == []


def test_a_failing_installation_starts_nothing(machine: Machine) -> None:
    machine.stub("dnf", "exit 1")
    assert machine.boot().returncode != 0
    assert machine.called("systemctl") == []


def test_the_password_is_stored_hashed_only(machine: Machine) -> None:
    ran = machine.boot()
    users = ElementTree.fromstring(machine.written()["etc/clickhouse-server/users.d/langfuse.xml"])  # noqa: S314
    assert users.findtext("users/langfuse/password_sha256_hex") == hashlib.sha256(PASSWORD.encode()).hexdigest()
    assert [ip.text for ip in users.findall("users/default/networks/ip")] == ["127.0.0.1", "::1"]
    for text in (*machine.written().values(), *machine.calls, ran.stdout, ran.stderr):
        assert PASSWORD not in text.replace(f"echo '{PASSWORD}'", "")


def test_the_pinned_line_is_installed(machine: Machine) -> None:
    machine.boot()
    (install,) = machine.called("dnf")
    assert "clickhouse-server-26.4.*" in install
    assert "clickhouse-common-static-26.4.*" in install


def test_no_later_upgrade_of_packages_leaves_the_pinned_line(machine: Machine) -> None:
    machine.boot()
    repository = ConfigParser()
    repository.read_string(machine.written()["etc/yum.repos.d/clickhouse.repo"])
    assert repository["clickhouse-stable"]["includepkgs"] == "clickhouse-*-26.4.*"


def test_langfuses_user_keeps_the_formats_of_time_that_langfuse_sends(machine: Machine) -> None:
    machine.boot()
    users = ElementTree.fromstring(machine.written()["etc/clickhouse-server/users.d/langfuse.xml"])  # noqa: S314
    profile = users.findtext("users/langfuse/profile")
    assert users.findtext(f"profiles/{profile}/compatibility") == "26.7"


def test_the_server_is_configured(machine: Machine) -> None:
    machine.boot()
    written = machine.written()
    config = ElementTree.fromstring(written["etc/clickhouse-server/config.d/langfuse.xml"])  # noqa: S314
    assert config.findtext("path") == "/var/lib/clickhouse/"
    assert config.findtext("timezone") == "UTC"
    assert config.findtext("listen_host") == "0.0.0.0"
    assert float(config.findtext("max_server_memory_usage_to_ram_ratio") or 1) < 1
    removed = {log.tag for log in config if log.get("remove")}
    assert removed == {
        "trace_log",
        "text_log",
        "opentelemetry_span_log",
        "asynchronous_metric_log",
        "metric_log",
        "latency_log",
    }
    assert {log.tag for log in config if log.find("ttl") is not None} == {"query_log", "part_log", "error_log"}
    assert "LimitNOFILE=262144" in written["etc/systemd/system/clickhouse-server.service.d/langfuse.conf"]


def publish(machine: Machine) -> subprocess.CompletedProcess[str]:
    """Runs what the timer runs each minute, after a boot."""
    machine.boot()
    machine.calls_file.unlink()
    return subprocess.run(
        [machine.root / "usr/local/bin/clickhouse-metrics"],
        env={"PATH": f"{machine.stubs}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_minute_two_metrics_of_clickhouse_are_published(machine: Machine) -> None:
    machine.stub("clickhouse-client", r"printf '37\t12\n'")
    assert publish(machine).returncode == 0
    asked, *published = machine.calls
    assert asked.startswith("clickhouse-client --readonly 1 --query")
    assert published[-1] == (
        "aws cloudwatch put-metric-data --region eu-central-1 --namespace Langfuse/ClickHouse --metric-data"
        " MetricName=max_parts_per_partition,Value=37,Dimensions=[{Name=Environment,Value=dev}]"
        " MetricName=oldest_merge_seconds,Value=12,Dimensions=[{Name=Environment,Value=dev}]"
    )


def counted(query: str) -> dict[str, set[str]]:
    """What a query counts as parts of a partition, and as the ages of merges and of mutations that are not done."""
    text = " ".join(query.split())
    return {
        "parts": set(re.findall(r"FROM (system\.parts [^()]*)\)", text)),
        "merges": set(re.findall(r"(elapsed)\W.{0,30}? FROM system\.merges", text)),
        "mutations": set(
            re.findall(r"(dateDiff\([^()]*, now\(\)\)).{0,20}? FROM (system\.mutations WHERE NOT \w+)", text)
        ),
    }


def test_the_metrics_are_of_what_the_report_shows(machine: Machine) -> None:
    """The alarms of both metrics send the reader to `ops clickhouse report`."""
    machine.stub("clickhouse-client", r"printf '37\t12\n'")
    publish(machine)
    published = counted((machine.root / "usr/local/bin/clickhouse-metrics").read_text())
    assert all(published.values())
    assert published == counted(f"{SUMMARY} {LARGEST_TABLES}")


def test_if_clickhouse_does_not_answer_nothing_is_published(machine: Machine) -> None:
    machine.stub("clickhouse-client", "exit 210")
    assert publish(machine).returncode == 210
    assert machine.called("aws") == []


def test_the_metrics_are_published_by_a_timer_that_starts_after_the_server(machine: Machine) -> None:
    machine.boot()
    assert machine.calls[-1] == "systemctl enable --now clickhouse-metrics.timer"
    units = {name.rpartition("/")[2]: text for name, text in machine.written().items() if "etc/systemd" in name}
    assert "OnCalendar=minutely" in units["clickhouse-metrics.timer"]
    # Not as root.
    assert "User=clickhouse" in units["clickhouse-metrics.service"]
    assert "ExecStart=/usr/local/bin/clickhouse-metrics" in units["clickhouse-metrics.service"]


@pytest.mark.parametrize("script", ["boot.sh", "clickhouse-metrics"])
def test_shellcheck_has_nothing_to_say(script: str, machine: Machine) -> None:
    machine.boot()
    path = {"boot.sh": BOOT_SCRIPT, "clickhouse-metrics": machine.root / "usr/local/bin/clickhouse-metrics"}[script]
    ran = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
