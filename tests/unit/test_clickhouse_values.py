"""Tests of the values that ``ops clickhouse set`` accepts for the six secrets."""

import io
import sys
from pathlib import Path

import pytest
import typer

from ops import secret_input
from ops.clickhouse.connection import check, value_error
from settings.secret_variables import CLICKHOUSE_SECRETS
from tests.command_line import ops_in_process

GOOD = {
    "CLICKHOUSE_URL": "https://abc.eu-central-1.aws.clickhouse.cloud:8443",
    "CLICKHOUSE_USER": "langfuse",
    "CLICKHOUSE_PASSWORD": "Passw0rd",  # pragma: allowlist secret
    "CLICKHOUSE_MIGRATION_URL": "clickhouse://abc.eu-central-1.aws.clickhouse.cloud:9440",
    "CLICKHOUSE_DB": "default",
    "CLICKHOUSE_MIGRATION_SSL": "true",
}

SECRET = "my-secret-9"  # noqa: S105  # pragma: allowlist secret


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
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
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


def test_a_name_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{name}={value}\n" for name, value in GOOD.items())
    with pytest.raises(typer.BadParameter, match="CLICKHOUSE_USER is given twice"):
        read(f"{text}CLICKHOUSE_USER=other\n", monkeypatch)


@pytest.mark.parametrize("command", [["clickhouse", "set", "--from"], ["smoke", "--keys"]], ids=["set", "smoke"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe", "is not text in UTF-8"),
        (f"CLICKHOUSE_USER={SECRET}\n".encode("utf-16"), "is not text in UTF-8"),
        (f"CLICKHOUSE_USER={SECRET}\n".encode("utf-16-le"), "another name than"),
        (f"{SECRET}\n".encode() * 10_000, "has more than 64 KiB"),
        (b"", "missing"),
        (None, "Is a directory"),
    ],
    ids=["binary", "UTF-16", "UTF-16 without its mark", "huge", "empty", "folder"],
)
def test_a_wrong_file_is_refused_without_its_content(
    command: list[str], content: bytes | None, says: str, tmp_path: Path
) -> None:
    file = tmp_path / SECRET
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    ran = ops_in_process(*command, str(file), environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert ran.returncode == 2
    assert says in ran.stderr
    assert SECRET not in ran.stderr


def test_a_control_character_in_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{name}={value}\0\n" for name, value in GOOD.items())
    with pytest.raises(typer.BadParameter, match=r"CLICKHOUSE_URL, .* control characters"):
        read(text, monkeypatch)


def test_a_byte_order_mark_is_no_part_of_the_first_name(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{name}={value}\r\n" for name, value in GOOD.items())
    assert read(f"\ufeff{text}", monkeypatch) == GOOD


def test_a_value_fits_into_a_secret() -> None:
    assert value_error("CLICKHOUSE_PASSWORD", "x" * 65_536, "external") is None
    assert "at most 65536 bytes" in (value_error("CLICKHOUSE_PASSWORD", "x" * 65_537, "external") or "")
