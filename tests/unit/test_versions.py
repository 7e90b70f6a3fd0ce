"""Tests of the versions that fit each other, and of how Langfuse 4 may write its data."""

import pytest

from settings import SettingsError, write_mode
from settings.versions import Databases, unfit
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
        ("3.225.6", "26.7", None),
        ("3.225.6", "26.8", "needs a version below 26.8"),
        ("3.225.7", "26.8.2.7", None),
        ("4.16.0", "25.11", "needs 25.12 or newer"),
        ("4.16.0", "26.7.1.1315", None),
        ("4.16.0", "26.8.2.7", "needs a version below 26.8"),
        # The newest release of 26 would be installed, which is past 26.7.
        ("4.16.0", "26", "needs a version below 26.8"),
        ("4.27.9", "27.1", "needs a version below 26.8"),
        ("4.28.0", "26.8", None),
        ("4.100.0", "27.1", None),
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
