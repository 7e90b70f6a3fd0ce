"""Tests of the settings: an error is one line with the setting and the allowed values, and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import settings
from settings import SettingsError
from settings.fargate import MEMORY_MIB_BY_CPU
from tests.environments import ENVIRONMENTS, load

PROJECT = Path(__file__).parents[2]

WRONG = [
    # variable, value, parts of the error message
    ("NETWORK__CIDR", "10.0.0.0/28", ["network.cidr", "/16 to /24"]),
    ("NETWORK__CIDR", "8.8.0.0/16", ["network.cidr", "private"]),
    ("NETWORK__CIDR", "ten", ["network.cidr", "IPv4"]),
    ("NETWORK__AVAILABILITY_ZONES", "1", ["network.availability_zones", "greater than or equal to 2"]),
    ("NETWORK__NAT_GATEWAYS", "3", ["network.nat_gateways", "0 to availability_zones (2)"]),
    ("NETWORK__VPC_ID", "vpc-00000001", ["network.private_subnet_ids", "two subnets"]),
    ("NETWORK__NATS", "1", ["network.nats", "no such setting", "nat_gateways"]),
    ("STATE__KMS_KEY_ID", "alias/state", ["state.kms_key_id", "arn:aws"]),
    ("TYPO", "1", ["typo", "no such setting", "network"]),
    ("NAME", "x", ["name", "not a setting"]),
    ("WEB__CPU", "300", ["web.cpu", "256, 512, 1024"]),
    ("WEB__MEMORY_MIB", "512", ["web.memory_mib", "2048 to 8192 in steps of 1024"]),
    ("WEB__HEAP_MIB", "4096", ["web.heap_mib", "256 to 3686"]),
    ("WORKER__MIN_TASKS", "many", ["worker.min_tasks", "integer"]),
    ("WORKER__MIN_TASKS", "9", ["worker.min_tasks", "at most max_tasks (2)"]),
    ("LANGFUSE__VERSION", "latest", ["langfuse.version"]),
    ("LANGFUSE__VERSION", "5.0.0", ["langfuse.version", "3 or 4"]),
    ("LANGFUSE__VERSION", "3.169.0", ["langfuse.version", "3.170.0 or newer", "no metrics"]),
    ("LANGFUSE__ENVIRONMENT__LANGFUSE_MIGRATION_V4_WRITE_MODE", "both", ["legacy, dual, events_only"]),
    ("POSTGRES__VERSION", "14", ["postgres.version", "needs 15"]),
    ("REDIS__VERSION", "6.2", ["redis.version", "needs 7.0 or newer"]),
    ("REDIS__VERSION", "7.2", ["redis.version", "redis 7.0, 7.1"]),
    ("CLICKHOUSE__VERSION", "25.8", ["clickhouse.version", "needs 25.12"]),
    ("CLICKHOUSE__VERSION", "26.8", ["clickhouse.version", "below 26.8", "before Langfuse 4.28.0"]),
    ("CLICKHOUSE__MODE", "serverless", ["clickhouse.mode", "external"]),
    ("SECRETS__SALT_VERSION", "2", ["secrets.salt_version", "never rotate"]),
    ("SECRETS__ENCRYPTION_KEY_VERSION", "2", ["secrets.encryption_key_version", "never rotate"]),
    ("SECRETS__RECOVERY_WINDOW_DAYS", "3", ["secrets.recovery_window_days", "7 to 30"]),
    ("DOMAIN__NAME", "langfuse.example.com", ["domain.name", "certificate_arn"]),
    ("ALARMS__EMAIL", "nobody", ["alarms.email"]),
    ("LOG_RETENTION_DAYS", "8", ["log_retention_days", "7"]),
    ("TAGS", "[", ["JSON"]),
    ("TAGS", '{"Team": "data & ml"}', ["tags.Team: must be", "letters, digits, spaces"]),
    ("REGION__X", "1", ["region"]),
    ("ALLOWED_ACCOUNT_IDS", "[123456789012]", ["allowed_account_ids.0", "in quotes"]),
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_both_environments_hold(environment: str) -> None:
    assert load(environment).prefix == f"langfuse-{environment}"


@pytest.mark.parametrize(("variable", "value", "said"), WRONG)
def test_a_wrong_value_is_one_line(variable: str, value: str, said: list[str]) -> None:
    name = f"LANGFUSE_AWS__{variable}"
    with pytest.raises(SettingsError) as refusal:
        load("dev", {name: value})
    line = str(refusal.value)
    assert "\n" not in line
    assert line.startswith((f"{name}: ", "environments/dev.toml: network.private_subnet_ids"))
    for part in said:
        assert part in line


def test_a_version_of_the_other_engine_lists_those_of_the_chosen_one() -> None:
    chosen = {"LANGFUSE_AWS__REDIS__ENGINE": "valkey", "LANGFUSE_AWS__REDIS__VERSION": "7.1"}
    with pytest.raises(SettingsError, match=r"redis\.version = \"7\.1\": .* support valkey 7\.2, 8\.0, 8\.1, 8\.2"):
        load("dev", chosen)
    assert load("dev", {"LANGFUSE_AWS__REDIS__ENGINE": "valkey"}).redis.engine_version == "8.2"
    assert load("dev").redis.engine_version == "7.1"


def test_a_volume_has_at_most_500_iops_per_gib() -> None:
    size = {"LANGFUSE_AWS__CLICKHOUSE__VOLUME_GIB": "20"}
    with pytest.raises(SettingsError, match=r"clickhouse\.volume_iops = .*at most 500 times volume_gib \(20\)"):
        load("dev", {**size, "LANGFUSE_AWS__CLICKHOUSE__VOLUME_IOPS": "16000"})
    load("dev", {**size, "LANGFUSE_AWS__CLICKHOUSE__VOLUME_IOPS": "10000"})


def test_a_subnet_is_either_public_or_private() -> None:
    chosen = {
        "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-00000001",
        "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-00000001", "subnet-00000002"]',
        "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000002"]',
    }
    with pytest.raises(
        SettingsError, match=r"network\.private_subnet_ids.*subnet-00000002 is in public_subnet_ids too"
    ):
        load("dev", chosen)
    twice = {**chosen, "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000003"]'}
    with pytest.raises(SettingsError, match=r"network\.private_subnet_ids.*subnet-00000003 is there twice"):
        load("dev", twice)


def test_a_new_certificate_has_a_name_of_64_characters() -> None:
    zone = {"LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ"}
    name = f"{'a' * 53}.example.com"
    assert load("dev", {**zone, "LANGFUSE_AWS__DOMAIN__NAME": name[1:]}).domain.name == name[1:]
    with pytest.raises(SettingsError, match=r"domain\.name.*at most 64 characters for a new certificate"):
        load("dev", {**zone, "LANGFUSE_AWS__DOMAIN__NAME": name})
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
    own = {"LANGFUSE_AWS__DOMAIN__NAME": name, "LANGFUSE_AWS__DOMAIN__CERTIFICATE_ARN": certificate}
    assert load("dev", own).domain.name == name


def test_an_unknown_environment_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="must be one of dev, prod"):
        load("staging")


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text('region = "us-east-1"\n[state]\nbucket = 5\n')
    with pytest.raises(
        SettingsError, match=r"odd\.toml: state\.bucket: must be an S3 bucket name of .*, such as acme-lang"
    ):
        settings.load({"LANGFUSE_ENV": "odd"}, environments=tmp_path)


def test_a_required_setting_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text('region = "us-east-1"\n')
    with pytest.raises(SettingsError, match=r"odd\.toml: state.*is required"):
        settings.load({"LANGFUSE_ENV": "odd"}, environments=tmp_path)


def test_broken_toml_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("region = \n")
    with pytest.raises(SettingsError, match=r"odd\.toml: not valid TOML at line 1, column 10") as refusal:
        settings.load({"LANGFUSE_ENV": "odd"}, environments=tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__SMTP_PASSWORD", "hunter2"),
        ("LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__SMTP_CONNECTION_URL", "smtp://me:hunter2@example.com"),
        ("LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__DATABASE_URL", "hunter2"),
        ("LANGFUSE_AWS__LANGFUSE__SECRETS__SMTP_PASSWORD", "hunter2"),
        ("LANGFUSE_AWS__LANGFUSE__ENVIRONMENT", '{"SMTP_PASSWORD": "hunter2"}'),  # pragma: allowlist secret
        ("LANGFUSE_AWS__LANGFUSE", '{"environment": {"SMTP_PASSWORD": "hunter2"}}'),  # pragma: allowlist secret
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_not_shown(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load("dev", {variable: value})
    assert "hunter2" not in str(refusal.value)


def test_initial_values_need_the_organization() -> None:
    name = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__LANGFUSE_INIT_USER_EMAIL"
    with pytest.raises(SettingsError, match="LANGFUSE_INIT_ORG_ID"):
        load("dev", {name: "me@example.com"})


def test_variables_override_the_file() -> None:
    chosen = load(
        "dev",
        {
            "LANGFUSE_AWS__STATE__BUCKET": "my-bucket",
            "LANGFUSE_AWS__NETWORK__AVAILABILITY_ZONES": "3",
            "LANGFUSE_AWS__LOG_RETENTION_DAYS": "90",
            "LANGFUSE_AWS__TAGS": '{"Team": "ml"}',
            "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__AUTH_DISABLE_SIGNUP": "true",
        },
    )
    assert chosen.state.bucket == "my-bucket"
    assert chosen.network.availability_zones == 3
    assert chosen.log_retention_days == 90
    assert chosen.tags == {"Team": "ml"}
    assert chosen.langfuse.environment == {"AUTH_DISABLE_SIGNUP": "true"}


def test_the_sdks_own_variables_are_left_alone() -> None:
    assert load("dev", {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_HOST": "http://x"}) == load("dev")


@given(cpu=st.sampled_from(sorted(MEMORY_MIB_BY_CPU)), memory_mib=st.integers(256, 131072))
def test_fargate_takes_just_the_sizes_that_aws_lists(cpu: int, memory_mib: int) -> None:
    overrides = {"LANGFUSE_AWS__WEB__CPU": str(cpu), "LANGFUSE_AWS__WEB__MEMORY_MIB": str(memory_mib)}
    if memory_mib in MEMORY_MIB_BY_CPU[cpu]:
        assert load("dev", overrides).web.memory_mib == memory_mib
    else:
        with pytest.raises(SettingsError, match="Fargate takes"):
            load("dev", overrides)


@pytest.mark.parametrize(
    "command", [["main.py"], ["-m", "settings"], ["-m", "local", "--once"], ["-m", "launchers.cdktf", "synth"]]
)
def test_every_entry_point_refuses_in_one_line_with_exit_code_2(command: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "LANGFUSE_AWS__NETWORK__CIDR": "10.0.0.0/28", "CDKTF_OUTDIR": str(out)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert "LANGFUSE_AWS__NETWORK__CIDR" in ran.stderr
    assert not out.exists()
