"""Tests of the versions that fit each other, and of how Langfuse 4 may write its data."""

import json
from pathlib import Path

import cfnlint
import pytest

from settings import SettingsError
from settings.variables import write_mode
from settings.versions import (
    CLICKHOUSE_BROKEN_JOINS,
    DEFAULT_REDIS_VERSION,
    MINIMUM_BY_LANGFUSE_MAJOR,
    NEWEST,
    REDIS_VERSIONS,
    Databases,
    as_numbers,
    unfit,
)
from tests.environments import load

WRITE_MODE, OTEL, OPT_IN, BACKFILL = (
    write_mode.WRITE_MODE,
    write_mode.OTEL_BEHAVIOUR,
    write_mode.PREVIEW_OPT_IN,
    write_mode.HISTORIC_BACKFILL,
)


@pytest.mark.parametrize("mode", ["ec2", "external"])
@pytest.mark.parametrize(
    ("langfuse", "clickhouse", "needed"),
    [
        ("3.170.0", "24.3", None),
        ("3.170.0", "23.8", "needs 24.3 or newer"),
        ("3.225.6", "26.4", None),
        ("3.225.6", "26.7.2", "needs 26.4 or older, or a release that is fixed"),
        ("3.225.7", "26.5", "fails with Langfuse 3 (langfuse/langfuse#14178)"),
        ("4.9.0", "26.6", "fails before Langfuse 4.10.0"),
        ("4.10.0", "26.6", None),
        ("3.225.6", "26.8", "needs a version below 26.8"),
        ("3.225.7", "26.8.2", None),
        ("4.16.0", "25.11", "needs 25.12 or newer"),
        ("4.16.0", "26.7.1", None),
        ("4.16.0", "26.8.2", "needs a version below 26.8"),
        # The newest release of 26 would be installed, which is past 26.7.
        ("4.16.0", "26", "needs a version below 26.8"),
        ("4.27.9", "27.1", "needs a version below 26.8"),
        ("4.28.0", "26.8", None),
        ("4.100.0", "27.1", "must be 26.9 or older; allow_untested_versions = true"),
        ("4.100.0", "26.10", "must be 26.9 or older"),
    ],
)
def test_clickhouse_fits_langfuse(mode: str, langfuse: str, clickhouse: str, needed: str | None) -> None:
    chosen = {
        "LANGFUSE_AWS__LANGFUSE__VERSION": langfuse,
        "LANGFUSE_AWS__CLICKHOUSE__VERSION": clickhouse,
        "LANGFUSE_AWS__CLICKHOUSE__MODE": mode,
    }
    if needed is None:
        assert load("dev", chosen).clickhouse.version == clickhouse
        return
    with pytest.raises(SettingsError) as refusal:
        load("dev", chosen)
    assert "CLICKHOUSE__VERSION: clickhouse.version" in str(refusal.value)
    assert needed in str(refusal.value)


@pytest.mark.parametrize(
    ("clickhouse", "broken"),
    [
        ("26.5.1.650", False),
        ("26.5.1.651", True),
        ("26.5.6.69", True),
        ("26.5.6.70", False),
        ("26.6.2.107", True),
        ("26.6.2.108", False),
        ("26.7.1.1333", True),
        ("26.7.1.1334", False),
        ("26.7.2.10", True),
        ("26.7.2.11", False),
        ("26.7.3.1", False),
        # Which release it is, is not known.
        ("26.5", True),
        ("26.5.6", True),
        ("26.7.2", True),
        ("26.5.7", False),
        ("26", True),
        ("26.4.99.99", False),
        ("26.8", False),
    ],
)
def test_langfuse_3_shows_no_scores_with_some_releases(clickhouse: str, broken: bool) -> None:
    chosen = Databases(clickhouse, postgres="15", redis="7.1")
    assert [name for name, _ in unfit("3.225.7", chosen)] == ["clickhouse"] * broken
    assert [name for name, _ in unfit("4.9.99", chosen) if "14178" in _] == ["clickhouse"] * broken
    assert not any("14178" in needed for _, needed in unfit("4.10.0", chosen))


def test_a_release_that_is_fixed_can_be_named() -> None:
    for _, fixed in CLICKHOUSE_BROKEN_JOINS:
        chosen = {
            "LANGFUSE_AWS__LANGFUSE__VERSION": "3.225.7",
            "LANGFUSE_AWS__CLICKHOUSE__VERSION": fixed,
            "LANGFUSE_AWS__CLICKHOUSE__MODE": "external",
        }
        assert load("dev", chosen).clickhouse.version == fixed


def test_a_package_of_clickhouse_is_named_by_three_numbers_at_most() -> None:
    with pytest.raises(SettingsError, match=r'clickhouse\.version.*with mode = "ec2", must be one to three numbers'):
        load("dev", {"LANGFUSE_AWS__CLICKHOUSE__VERSION": "26.4.1.1"})


ALLOWED = {"LANGFUSE_AWS__ALLOW_UNTESTED_VERSIONS": "true"}


@pytest.mark.parametrize(
    ("setting", "newer", "said"),
    [
        ("LANGFUSE__VERSION", "5.0.0", "must be of major version 3 or 4"),
        ("POSTGRES__VERSION", "19", "must be 18 or older"),
        ("POSTGRES__VERSION", "19.1", "must be 18 or older"),
        ("CLICKHOUSE__VERSION", "27.1", "must be 26.9 or older"),
        ("REDIS__VERSION", "7.2", "ElastiCache and Langfuse support redis 7.0, 7.1"),
        ("REDIS__VERSION", "8.0", "ElastiCache and Langfuse support redis 7.0, 7.1"),
    ],
)
def test_a_newer_version_is_refused_with_how_to_go_on(setting: str, newer: str, said: str) -> None:
    chosen = {f"LANGFUSE_AWS__{setting}": newer, "LANGFUSE_AWS__CLICKHOUSE__MODE": "external"}
    if setting == "CLICKHOUSE__VERSION":
        chosen["LANGFUSE_AWS__LANGFUSE__VERSION"] = "4.28.0"
    with pytest.raises(SettingsError) as refusal:
        load("dev", chosen)
    assert str(refusal.value).startswith(f"LANGFUSE_AWS__{setting}: {setting.lower().replace('__', '.')}")
    assert str(refusal.value).endswith(f"{said}; allow_untested_versions = true accepts others all the same")
    load("dev", {**chosen, **ALLOWED})


@pytest.mark.parametrize(
    ("engine", "newer"), [("valkey", "10.0"), ("valkey", "8.3"), ("valkey", "7.1"), ("redis", "7.2")]
)
def test_an_engine_has_the_versions_of_elasticache(engine: str, newer: str) -> None:
    chosen = {"LANGFUSE_AWS__REDIS__ENGINE": engine, "LANGFUSE_AWS__REDIS__VERSION": newer}
    with pytest.raises(SettingsError, match=f"support {engine} {', '.join(REDIS_VERSIONS[engine])}; allow_untested"):
        load("dev", chosen)
    assert load("dev", {**chosen, **ALLOWED}).redis.engine_version == newer


def test_what_is_known_not_to_work_stays_refused() -> None:
    for chosen, said in (
        ({"LANGFUSE_AWS__CLICKHOUSE__VERSION": "27.1"}, "below 26.8"),
        ({"LANGFUSE_AWS__REDIS__VERSION": "6.2"}, "needs 7.0 or newer"),
        ({"LANGFUSE_AWS__LANGFUSE__VERSION": "2.95.0"}, "major version 3 or 4"),
        ({"LANGFUSE_AWS__LANGFUSE__VERSION": "5.0.0", "LANGFUSE_AWS__POSTGRES__VERSION": "14"}, "needs 15 or newer"),
    ):
        with pytest.raises(SettingsError, match=said):
            load("dev", {**chosen, **ALLOWED})


def test_the_engines_versions_are_those_of_elasticache() -> None:
    """By the list that cfn-lint takes from ElastiCache's API."""
    file = Path(cfnlint.__file__).parent / "data/schemas/extensions/aws_elasticache_cachecluster/engine_version.json"
    offered = {
        rule["if"]["properties"]["Engine"].get("const"): rule["then"]["properties"].get("EngineVersion", {}).get("enum")
        for rule in json.loads(file.read_text())["allOf"]
    }
    for engine, known in REDIS_VERSIONS.items():
        assert set(known) == {version for version in offered[engine] if as_numbers(version) >= (7, 0)}
        assert list(known) == sorted(known, key=as_numbers)
        assert DEFAULT_REDIS_VERSION[engine] in known
        oldest = [databases.redis for databases in MINIMUM_BY_LANGFUSE_MAJOR.values()]
        assert all(as_numbers(known[0]) >= as_numbers(version) for version in oldest)


def test_the_newest_postgres_is_that_of_rds() -> None:
    """By the list that cfn-lint takes from RDS's API."""
    file = Path(cfnlint.__file__).parent / "data/schemas/extensions/aws_rds_dbinstance/engine_version.json"
    (offered,) = (
        rule["then"]["properties"]["EngineVersion"]["enum"]
        for rule in json.loads(file.read_text())["allOf"]
        if rule["if"]["properties"]["Engine"].get("const") == "postgres"
    )
    majors = {version.partition(".")[0] for version in offered}
    assert {NEWEST.postgres, *(databases.postgres for databases in MINIMUM_BY_LANGFUSE_MAJOR.values())} <= majors
    assert max(map(int, majors)) == int(NEWEST.postgres)


def test_rds_has_versions_with_a_date() -> None:
    assert as_numbers("12.22-rds.20250814") == (12, 22)


def test_a_clickhouse_that_reads_dates_as_before_fits() -> None:
    new = Databases(clickhouse="26.9.2.1", postgres="15", redis="7.1")
    assert [name for name, _ in unfit("4.16.0", new)] == ["clickhouse"]
    assert list(unfit("4.16.0", new, clickhouse_reads_ticks=True)) == []
    old = Databases(clickhouse="25.8", postgres="15", redis="7.1")
    assert list(unfit("4.16.0", old, clickhouse_reads_ticks=True)) == [("clickhouse", "25.12 or newer")]


@pytest.mark.parametrize(
    ("version", "environment", "missing"),
    [
        ("4.16.0", {}, []),
        ("4.16.0", {WRITE_MODE: "legacy"}, [f"{OTEL} = dual_write", f"{BACKFILL} = false"]),
        ("4.16.0", {WRITE_MODE: "legacy", OTEL: "dual_write"}, [f"{BACKFILL} = false"]),
        ("4.16.0", {WRITE_MODE: "legacy", OTEL: "dual_write", BACKFILL: "true"}, [f"{BACKFILL} = false"]),
        ("4.16.0", {WRITE_MODE: "legacy", OTEL: "dual_write", BACKFILL: ""}, [f"{BACKFILL} = false"]),
        ("4.16.0", {WRITE_MODE: "legacy", OTEL: "dual_write", BACKFILL: "false"}, []),
        ("4.16.0", {WRITE_MODE: "dual"}, []),
        ("4.16.0", {WRITE_MODE: "dual", OTEL: "dual_write", OPT_IN: "false", BACKFILL: "false"}, []),
        ("4.16.0", {WRITE_MODE: "events_only", OTEL: "dual_write"}, [f"{OTEL} = direct"]),
        ("4.16.0", {OTEL: "dual_write", OPT_IN: "false"}, [f"{OTEL} = direct", f"{OPT_IN} = true"]),
        ("4.16.0", {BACKFILL: "false"}, []),
        # The same variables have other defaults in version 3.
        ("3.225.7", {}, []),
        ("3.225.7", {WRITE_MODE: "legacy"}, []),
        ("3.225.7", {WRITE_MODE: "legacy", BACKFILL: "true"}, [f"{BACKFILL} = false"]),
        ("3.225.7", {WRITE_MODE: "events_only"}, [f"{OTEL} = direct", f"{OPT_IN} = true"]),
    ],
)
def test_a_write_mode_needs_other_variables(version: str, environment: dict[str, str], missing: list[str]) -> None:
    prefix = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__"
    chosen = {f"{prefix}{name}": value for name, value in environment.items()}
    chosen["LANGFUSE_AWS__LANGFUSE__VERSION"] = version
    if not missing:
        assert load("dev", chosen).langfuse.environment == environment
        return
    with pytest.raises(SettingsError) as refusal:
        load("dev", chosen)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith(f"needs {' and '.join(missing)}: see docs/upgrade-to-4.md")
