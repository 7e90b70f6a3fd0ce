"""Tests of the values that ``ops clickhouse set`` accepts for the six secrets."""

import io
import sys
from pathlib import Path

import pytest
import typer

from ops import secret_input
from ops.clickhouse import check, value_error
from settings.secret_variables import CLICKHOUSE_SECRETS

GOOD = {
    "CLICKHOUSE_URL": "https://abc.eu-central-1.aws.clickhouse.cloud:8443",
    "CLICKHOUSE_USER": "langfuse",
    "CLICKHOUSE_PASSWORD": "Passw0rd",  # pragma: allowlist secret
    "CLICKHOUSE_MIGRATION_URL": "clickhouse://abc.eu-central-1.aws.clickhouse.cloud:9440",
    "CLICKHOUSE_DB": "default",
    "CLICKHOUSE_MIGRATION_SSL": "true",
}


def test_right_values() -> None:
    check(GOOD)
    check({**GOOD, "CLICKHOUSE_URL": "https://clickhouse.example.com:443"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLICKHOUSE_URL", "https://host:9440"),
        # The security groups allow no connection to these ports.
        ("CLICKHOUSE_URL", "http://10.0.1.5:8123"),
        ("CLICKHOUSE_MIGRATION_URL", "clickhouse://10.0.1.5:9000"),
        ("CLICKHOUSE_URL", "https://host"),
        ("CLICKHOUSE_URL", "clickhouse://host:9000"),
        ("CLICKHOUSE_URL", "https://user:secret-9@host:8443"),  # pragma: allowlist secret
        ("CLICKHOUSE_URL", "https://host:8443/"),
        ("CLICKHOUSE_URL", "https://host:port"),
        ("CLICKHOUSE_URL", "https://[host:8443"),
        ("CLICKHOUSE_MIGRATION_URL", "clickhouse://host:8443"),
        ("CLICKHOUSE_MIGRATION_URL", "https://host:9440"),
        ("CLICKHOUSE_PASSWORD", "secret-9@"),
        ("CLICKHOUSE_PASSWORD", ""),
        ("CLICKHOUSE_USER", "a b"),
        ("CLICKHOUSE_MIGRATION_SSL", "yes"),
        ("CLICKHOUSE_MIGRATION_SSL", "false"),
    ],
)
def test_wrong_values_are_named_but_not_shown(name: str, value: str) -> None:
    with pytest.raises(typer.BadParameter) as raised:
        check({**GOOD, name: value})
    assert name in str(raised.value)
    assert "secret-9" not in str(raised.value)


def test_the_forms_inside_the_vpc() -> None:
    assert value_error("CLICKHOUSE_URL", "http://clickhouse.langfuse-dev.internal:8123", "ec2") is None
    assert value_error("CLICKHOUSE_MIGRATION_URL", "clickhouse://clickhouse.langfuse-dev.internal:9000", "ec2") is None
    assert value_error("CLICKHOUSE_MIGRATION_SSL", "false", "ec2") is None


def read(text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    return secret_input.read("-", "--from", CLICKHOUSE_SECRETS, hidden=())


def test_values_come_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# of the service\n\n" + "".join(f"{name} = {value}\n" for name, value in GOOD.items())
    assert read(text, monkeypatch) == GOOD


def test_all_six_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{name}={value}\n" for name, value in GOOD.items() if name != "CLICKHOUSE_DB")
    with pytest.raises(typer.BadParameter, match="CLICKHOUSE_DB: missing"):
        read(text, monkeypatch)


def test_a_line_that_is_no_pair_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(typer.BadParameter) as raised:
        read("my-secret-9\n", monkeypatch)
    assert "secret-9" not in str(raised.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"\xff\xfe")
    with pytest.raises(typer.BadParameter, match="is not text"):
        secret_input.read(str(tmp_path / "keys"), "--from", CLICKHOUSE_SECRETS, hidden=())
