"""What ``ops clickhouse set`` takes for the six secrets."""

import pytest
import typer

from ops.clickhouse import check

GOOD = {
    "CLICKHOUSE_URL": "https://abc.eu-central-1.aws.clickhouse.cloud:8443",
    "CLICKHOUSE_USER": "langfuse",
    "CLICKHOUSE_PASSWORD": "Passw0rd",
    "CLICKHOUSE_MIGRATION_URL": "clickhouse://abc.eu-central-1.aws.clickhouse.cloud:9440",
    "CLICKHOUSE_DB": "default",
    "CLICKHOUSE_MIGRATION_SSL": "true",
}
PLAIN = {
    "CLICKHOUSE_URL": "http://10.0.1.5:8123",
    "CLICKHOUSE_MIGRATION_URL": "clickhouse://10.0.1.5:9000",
    "CLICKHOUSE_MIGRATION_SSL": "false",
}


@pytest.mark.parametrize("values", [GOOD, {**GOOD, **PLAIN}])
def test_right_values(values: dict[str, str]) -> None:
    check(values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLICKHOUSE_URL", "https://host:9440"),
        ("CLICKHOUSE_URL", "https://host"),
        ("CLICKHOUSE_URL", "clickhouse://host:9000"),
        ("CLICKHOUSE_URL", "https://user:secret-9@host:8443"),
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


def test_all_six_must_be_there() -> None:
    with pytest.raises(typer.BadParameter, match="CLICKHOUSE_DB: missing"):
        check({name: value for name, value in GOOD.items() if name != "CLICKHOUSE_DB"})


def test_a_line_that_is_no_pair_is_not_shown() -> None:
    with pytest.raises(typer.BadParameter) as raised:
        check({**GOOD, "my-secret-9": ""})
    assert "secret-9" not in str(raised.value)
