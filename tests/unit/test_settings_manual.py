"""Tests that docs/settings.md lists each setting with its default and its variable."""

import json
import re
import tomllib
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

import pytest
from pydantic import BaseModel

from settings import Settings, SettingsError, changes
from settings.changes import EFFECTS
from settings.manual import MANUAL, field_docstrings, manual
from settings.sections.sign_in import Provider
from settings.variables.rules import Contract
from settings.versions import (
    CLICKHOUSE_BREAK,
    FIRST_LANGFUSE_AFTER_BREAK,
    MINIMUM_BY_LANGFUSE_MAJOR,
    OLDEST_LANGFUSE,
)
from tests.environments import FIRST, IMAGES, load


class Field(NamedTuple):
    """A setting in the model."""

    section: type[BaseModel]
    name: str

    @property
    def required(self) -> bool:
        return self.section.model_fields[self.name].is_required()


class Row(NamedTuple):
    """A setting in the manual."""

    setting: str
    variable: str
    allowed: str
    default: str
    text: str
    change: str


def _fields(section: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Field]]:
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", Field(section, name)


# The environment's name is the name of its file, and can't be set.
FIELDS = {setting: field for setting, field in _fields(Settings) if setting != "name"}
ROW = re.compile(r"^\| `([^`|]+)`<br>`([^`|]+)`" + r" \| ([^|]+)" * 4 + r" \|$", re.MULTILINE)
ALL_ROWS = [Row(*cells) for cells in ROW.findall(MANUAL.read_text())]
ROWS = [row for row in ALL_ROWS if "<" not in row.setting]
CHANGES = changes.read()
DEFAULTS = Settings.model_validate({"name": "x", "region": "eu-central-1", "state": {"bucket": "acme-langfuse-state"}})

SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-AbCdEf"  # noqa: S105
IN_REGION_OF_EXAMPLES = {"LANGFUSE_AWS__REGION": "eu-central-1"}
EXISTING_VPC = {
    "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-00000001",
    "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-00000001", "subnet-00000002"]',
    "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000004"]',
}
NEEDED_WITH = {
    **dict.fromkeys(("network.vpc_id", "network.public_subnet_ids", "network.private_subnet_ids"), EXISTING_VPC),
    **dict.fromkeys(("langfuse.web_digest", "langfuse.worker_digest", "langfuse.base_path"), IMAGES),
    "ingress.waf_requests_per_five_minutes": {"LANGFUSE_AWS__INGRESS__WAF": "true"},
}
NEEDED_IN_SECTION = {
    "domain": {
        "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.org",
        "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z1",
        **IN_REGION_OF_EXAMPLES,
    },
    "state": IN_REGION_OF_EXAMPLES,
    "access": {
        "LANGFUSE_AWS__ALLOWED_ACCOUNT_IDS": '["123456789012"]',
        "LANGFUSE_AWS__ACCESS__REPOSITORY": "acme/other",
    },
    "first": FIRST,
    "langfuse": IN_REGION_OF_EXAMPLES,
    "sign_in": {
        "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__AUTH_GITHUB_CLIENT_ID": "langfuse",
        "LANGFUSE_AWS__LANGFUSE__SECRETS__AUTH_GITHUB_CLIENT_SECRET": SECRET_ARN,
        **IN_REGION_OF_EXAMPLES,
    },
    "mail": {"LANGFUSE_AWS__MAIL__FROM_ADDRESS": "langfuse@example.com", **IN_REGION_OF_EXAMPLES},
}
WITHOUT_DEFAULT_AND_EXAMPLE = {
    "sign_in.session_minutes": "480",
    "web.heap_mib": "1024",
    "worker.heap_mib": "1024",
}


def _text(value: object) -> str:
    """Returns the value in the form that a variable has."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, dict):
        value = {
            key: inner.model_dump(exclude_unset=True) if isinstance(inner, BaseModel) else inner
            for key, inner in value.items()
        }
    return value if isinstance(value, str) else json.dumps(value)


def _values(row: Row) -> Iterator[str]:
    """Yields values to set: the default if it is a scalar, and the example in the manual or in this file."""
    default = attrgetter(row.setting)(DEFAULTS)
    if isinstance(default, str | int) and not FIELDS[row.setting].required:
        yield _text(default)
    if example := re.search(r"such as `(.+)`", row.allowed):
        yield example[1]
    if row.setting in WITHOUT_DEFAULT_AND_EXAMPLE:
        yield WITHOUT_DEFAULT_AND_EXAMPLE[row.setting]


VALUES = [(row, value) for row in ROWS for value in _values(row)]


def _row(setting: str) -> Row:
    return next(row for row in ROWS if row.setting == setting)


def test_the_manual_is_what_the_model_says() -> None:
    assert MANUAL.read_text() == manual(), "run `make docs`: docs/settings.md is not what settings/ says"


def test_every_setting_has_a_docstring() -> None:
    docstrings = field_docstrings()
    assert [
        setting for setting, field in FIELDS.items() if not docstrings[field.section.__name__].get(field.name)
    ] == []


def test_every_setting_has_a_row_in_the_order_of_the_model() -> None:
    assert [row.setting for row in ROWS] == list(FIELDS)


def test_what_the_tables_of_a_table_have_is_told() -> None:
    of_provider = [row for row in ALL_ROWS if row not in ROWS]
    assert [row.setting for row in of_provider] == [
        f"sign_in.providers.<name>.{name}" for name in Provider.model_fields
    ]
    assert {row.change for row in of_provider} == {_row("sign_in.providers").change}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.setting)
def test_the_default_is_that_of_the_model(row: Row) -> None:
    default = attrgetter(row.setting)(DEFAULTS)
    if FIELDS[row.setting].required:
        assert row.default == "none, required"
    elif default is None:
        assert row.default == "not set"
    else:
        assert _text(tomllib.loads(f"default = {row.default.strip('`')}")["default"]) == _text(default)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.setting)
def test_what_a_change_does_is_told(row: Row) -> None:
    change = CHANGES[row.setting]
    assert row.change == f"**{change.effect}**" + (f": {change.note}" if change.note else "")


def test_every_effect_is_explained_above_the_tables() -> None:
    introduction = MANUAL.read_text().partition("\n## ")[0]
    assert re.findall(r"^- \*\*(.+)\*\*: ", introduction, re.MULTILINE) == list(EFFECTS)


@pytest.mark.parametrize(("row", "value"), VALUES, ids=lambda part: getattr(part, "setting", part))
def test_the_variable_sets_the_setting(row: Row, value: str) -> None:
    needed = NEEDED_WITH.get(row.setting, NEEDED_IN_SECTION.get(row.setting.partition(".")[0], {}))
    assert _text(attrgetter(row.setting)(load("dev", {**needed, row.variable: value}))) == value


def test_no_setting_is_without_a_value_to_set() -> None:
    assert list(dict.fromkeys(row.setting for row, _ in VALUES)) == list(FIELDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.setting)
def test_a_wrong_value_in_the_variable_is_reported_for_the_setting(row: Row) -> None:
    with pytest.raises(SettingsError) as refusal:
        load("dev", {row.variable: "[-1]"})
    assert str(refusal.value).startswith(f"{row.variable}: {row.setting}")


@pytest.mark.parametrize("major", MINIMUM_BY_LANGFUSE_MAJOR)
def test_the_oldest_versions_of_the_databases_are_told(major: int) -> None:
    for database, minimum in MINIMUM_BY_LANGFUSE_MAJOR[major]._asdict().items():
        assert f"Langfuse {major} needs {minimum} or newer" in _row(f"{database}.version").text


def test_the_version_whose_variables_are_checked_is_told() -> None:
    assert f"Langfuse {Contract().version}" in _row("langfuse.environment").text


def test_the_versions_that_lose_traces_are_told() -> None:
    text = _row("clickhouse.version").text
    assert [
        version for version in (CLICKHOUSE_BREAK, *FIRST_LANGFUSE_AFTER_BREAK.values()) if version not in text
    ] == []
    assert OLDEST_LANGFUSE[3] in _row("langfuse.version").text
