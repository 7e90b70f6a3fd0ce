"""Tests of ClickHouse in both modes: resources, protection, and a switch of the mode."""

import json
import re
from typing import Any

import pytest

from modules.data.clickhouse.instance import BOOT_SCRIPT
from tests.environments import EC2, EXTERNAL
from tests.synthesis import SynthesizedStack, app


def values(data: SynthesizedStack) -> dict[str, str]:
    """Returns the values of ClickHouse's six secrets, by the secrets' short names."""
    return {
        name.split("_")[1]: version["secret_string_wo"]
        for name, version in data.resources("aws_secretsmanager_secret_version").items()
        if name.startswith("clickhouse_")
    }


def versions(data: SynthesizedStack) -> set[int]:
    return {
        version["secret_string_wo_version"]
        for name, version in data.resources("aws_secretsmanager_secret_version").items()
        if name.startswith("clickhouse_")
    }


def allowed(data: SynthesizedStack) -> list[dict[str, Any]]:
    """Returns the statements of the instance's inline policy."""
    return list(json.loads(data.resource("aws_iam_role_policy", name="clickhouse")["policy"])["Statement"])


def test_dev_has_clickhouse_on_ec2_and_prod_an_external_one() -> None:
    assert app("dev")["data"].resources("aws_instance")
    assert not app("prod")["data"].resources("aws_instance")


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_on_ec2_the_secrets_hold_the_real_values(environment: str) -> None:
    secrets = values(app(environment, EC2)["data"])
    password = secrets.pop("password")
    assert password.startswith("${ephemeral.aws_secretsmanager_random_password.")
    host = f"clickhouse.langfuse-{environment}.internal"
    assert secrets == {
        "url": f"http://{host}:8123",
        "user": "langfuse",
        "migration-url": f"clickhouse://{host}:9000",
        "db": "default",
        "migration-ssl": "false",
    }


def test_external_clickhouse_gets_placeholders() -> None:
    assert values(app("dev", EXTERNAL)["data"]) == {
        "url": "PLACEHOLDER",
        "user": "PLACEHOLDER",
        "password": "PLACEHOLDER",  # pragma: allowlist secret
        "migration-url": "PLACEHOLDER",
        "db": "default",
        "migration-ssl": "true",
    }


def test_switching_the_mode_rewrites_all_six_secrets() -> None:
    on_ec2, external = versions(app("dev", EC2)["data"]), versions(app("dev", EXTERNAL)["data"])
    assert len(on_ec2) == len(external) == 1
    assert on_ec2 != external


def test_a_switch_from_ec2_drops_data_and_backups_from_the_state_without_destroying_them() -> None:
    on_ec2, external = app("dev", EC2)["data"], app("dev", EXTERNAL)["data"]
    kept = {"aws_ebs_volume", "aws_backup_vault", "aws_iam_role", "aws_iam_role_policy"}
    addresses = [
        address
        for address in on_ec2.addresses()
        if "backups" in address.partition(".")[2] or address == "aws_ebs_volume.clickhouse_data"
        if address.partition(".")[0] in kept
    ]
    assert len(addresses) == len(kept)
    # Of releases whose backups had a policy of AWS.
    addresses.append("aws_iam_role_policy_attachment.clickhouse-server_backups_policy_50BFF5B9")
    removed = sorted(external.json["removed"], key=lambda block: block["from"])
    assert removed == [{"from": address, "lifecycle": {"destroy": False}} for address in sorted(addresses)]
    assert "removed" not in on_ec2.json


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("prod", True)])
def test_the_volume_is_its_own_encrypted_and_protected_where_data_is(environment: str, protected: bool) -> None:
    data = app(environment, EC2)["data"]
    volume = data.resource("aws_ebs_volume")
    assert volume["type"] == "gp3"
    assert volume["encrypted"] is True
    assert volume["lifecycle"]["prevent_destroy"] is protected
    assert volume["final_snapshot"] is protected
    assert "ebs_block_device" not in data.resource("aws_instance")
    attachment = data.resource("aws_volume_attachment")
    assert attachment["volume_id"] == "${aws_ebs_volume.clickhouse_data.id}"
    assert attachment["stop_instance_before_detaching"] is True


def test_the_instance_is_private_with_imdsv2_only_and_no_ssh_key() -> None:
    instance = app("dev", EC2)["data"].resource("aws_instance")
    assert "vpc_private-0" in instance["subnet_id"]
    assert instance["metadata_options"]["http_tokens"] == "required"
    assert instance["root_block_device"]["encrypted"] is True
    assert "key_name" not in instance
    assert instance["user_data_replace_on_change"] is True
    assert instance["lifecycle"]["ignore_changes"] == ["ami"]


def test_the_instance_reads_one_secret_and_publishes_one_namespace() -> None:
    data = app("dev", EC2)["data"]
    reading, publishing, _ = allowed(data)
    assert reading["Action"] == ["secretsmanager:GetSecretValue"]
    assert len(reading["Resource"]) == 1
    assert "clickhouse_password" in reading["Resource"][0]
    assert publishing["Condition"] == {"StringEquals": {"cloudwatch:namespace": ["Langfuse/ClickHouse"]}}


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_user_data_holds_the_script_and_no_secret(environment: str) -> None:
    user_data = app(environment, EC2)["data"].resource("aws_instance")["user_data"]
    script = BOOT_SCRIPT.read_text().partition("\n")[2]
    assert user_data.replace("$${", "${").endswith(script)
    assert "ephemeral" not in user_data
    # EC2's limit for user data
    assert len(user_data) < 16 * 1024


def test_snapshots_are_daily_and_expire() -> None:
    data = app("dev", {**EC2, "LANGFUSE_AWS__CLICKHOUSE__SNAPSHOT_RETENTION_DAYS": "5"})["data"]
    (rule,) = data.resource("aws_backup_plan")["rule"]
    assert rule["schedule"] == "cron(0 3 * * ? *)"
    assert rule["lifecycle"] == {"delete_after": 5}
    assert data.resource("aws_backup_selection")["resources"] == ["${aws_ebs_volume.clickhouse_data.arn}"]


def test_alarms_recover_and_reboot_the_instance() -> None:
    alarms = {
        alarm["alarm_name"].removeprefix("langfuse-dev-clickhouse-"): alarm
        for alarm in app("dev", EC2)["data"].resources("aws_cloudwatch_metric_alarm").values()
        if "clickhouse" in alarm["alarm_name"]
    }
    assert set(alarms) == {"disk", "memory", "parts", "merges", "system-check", "instance-check"}
    assert alarms["disk"]["threshold"] == 80
    assert alarms["system-check"]["alarm_actions"][1] == "arn:aws:automate:us-east-1:ec2:recover"
    assert alarms["instance-check"]["alarm_actions"][1] == "arn:aws:automate:us-east-1:ec2:reboot"


def test_the_alarms_read_what_the_boot_script_publishes() -> None:
    script = BOOT_SCRIPT.read_text()
    disk = app("dev", EC2)["data"].resource("aws_cloudwatch_metric_alarm", metric_name="disk_used_percent")
    assert f"DATA={disk['dimensions']['path']}\n" in script
    assert f"mkfs.{disk['dimensions']['fstype']} " in script
    for metric in ("max_parts_per_partition", "oldest_merge_seconds"):
        alarm = app("dev", EC2)["data"].resource("aws_cloudwatch_metric_alarm", metric_name=metric)
        assert f'"MetricName={metric},' in script
        assert alarm["dimensions"] == {"Environment": "dev"}
    user_data = app("dev", EC2)["data"].resource("aws_instance")["user_data"]
    assert f"export METRIC_NAMESPACE='{disk['namespace']}'" in user_data
    assert f"export ENVIRONMENT='{disk['dimensions']['Environment']}'" in user_data


def test_silence_of_clickhouse_notifies_but_not_before_the_first_word() -> None:
    """INSUFFICIENT_DATA is the first state of an alarm, and an action is taken when the state changes."""
    data = app("dev", EC2)["data"]
    silent = {
        alarm["alarm_name"]: alarm["insufficient_data_actions"]
        for alarm in data.resources("aws_cloudwatch_metric_alarm").values()
        if alarm["treat_missing_data"] == "missing"
    }
    parts = data.resource("aws_cloudwatch_metric_alarm", metric_name="max_parts_per_partition")
    assert silent == {"langfuse-dev-clickhouse-parts": parts["alarm_actions"]}


def test_clickhouse_refuses_queries_before_the_alarm_on_memory_would_be_too_late() -> None:
    ratio = re.search(r"<max_server_memory_usage_to_ram_ratio>(.+)</", BOOT_SCRIPT.read_text())
    memory = app("dev", EC2)["data"].resource("aws_cloudwatch_metric_alarm", metric_name="mem_used_percent")
    assert ratio
    assert memory["threshold"] < 100 * float(ratio[1])


def test_the_dashboard_shows_all_that_the_instance_publishes() -> None:
    shown = app("dev", EC2)["services"].resource("aws_cloudwatch_dashboard")["dashboard_body"]
    metrics = [metric for widget in json.loads(shown)["widgets"] for metric in widget["properties"]["metrics"]]
    published = {"disk_used_percent", "mem_used_percent", "max_parts_per_partition", "oldest_merge_seconds"}
    assert {metric[1] for metric in metrics if metric[0] == "Langfuse/ClickHouse"} == published
    without = app("dev", EXTERNAL)["services"].resource("aws_cloudwatch_dashboard")["dashboard_body"]
    assert "ClickHouse" not in without


def test_the_server_has_a_private_dns_record() -> None:
    data = app("dev", EC2)["data"]
    record = data.resource("aws_route53_record")
    assert record["name"] == "clickhouse.langfuse-dev.internal"
    assert record["type"] == "A"
    outputs = data.json["output"]
    assert outputs["clickhouse_host"]["value"] == record["name"]
    assert {"clickhouse_private_ip", "clickhouse_security_group_id"} <= set(outputs)


def test_on_ec2_services_run_without_a_second_step() -> None:
    services = app("prod", EC2)["services"]
    assert [service["desired_count"] for service in services.resources("aws_ecs_service").values()] == [1, 1]
