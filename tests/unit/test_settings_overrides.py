"""Tests of the variables that override settings: they merge in any order, and errors name them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

import settings
from settings import Settings, SettingsError
from settings.reading.fields import kind_of, settings_below
from settings.reading.ineffective import INEFFECTIVE
from settings.reading.overrides import OF_LANGFUSE, OVERRIDE_PREFIX
from settings.variables.rules import contract
from tests.environments import load

PROJECT = Path(__file__).parents[2]

FILE = """
region = "us-east-1"
tags = { Team = "ml", Stage = "test" }
allowed_account_ids = ["111111111111", "222222222222"]

[state]
bucket = "acme-state"

[postgres]
multi_az = true
version = "15"

[web]
max_tasks = 2
min_tasks = 1
"""
VPC = {
    "NETWORK__VPC_ID": "vpc-0123456789abcdef0",
    "NETWORK__PUBLIC_SUBNET_IDS": '["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]',
    "NETWORK__PRIVATE_SUBNET_IDS": '["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]',
}


def _variables(given_: Mapping[str, str]) -> dict[str, str]:
    return {OVERRIDE_PREFIX + name: value for name, value in given_.items()}


def _load_acme(folder: Path, given_: Mapping[str, str], file: str = FILE) -> Settings:
    (folder / "acme.toml").write_text(file)
    return settings.load({"LANGFUSE_ENV": "acme", **_variables(given_)}, environments=folder)


def _refusal(folder: Path, given_: Mapping[str, str], file: str = FILE) -> str:
    with pytest.raises(SettingsError) as refusal:
        _load_acme(folder, given_, file)
    return str(refusal.value)


def test_an_override_of_a_section_keeps_what_it_does_not_name() -> None:
    prod = load("prod", _variables({"POSTGRES": '{"version": "16"}'}))
    assert prod.postgres == load("prod").postgres.model_copy(update={"version": "16"})
    assert prod.postgres.multi_az


def test_tables_merge_by_key_and_lists_are_replaced(tmp_path: Path) -> None:
    chosen = _load_acme(
        tmp_path,
        {
            "TAGS": '{"Team": "data"}',
            "TAGS__Owner": "me",
            "ALLOWED_ACCOUNT_IDS": '["333333333333"]',
            "LANGFUSE": '{"environment": {"A": "1", "B": "1"}}',
            "LANGFUSE__ENVIRONMENT": '{"B": "2", "C": "2"}',
            "LANGFUSE__ENVIRONMENT__C": "3",
        },
    )
    assert chosen.tags == {"Team": "data", "Stage": "test", "Owner": "me"}
    assert chosen.allowed_account_ids == ("333333333333",)
    assert chosen.langfuse.environment == {"A": "1", "B": "2", "C": "3"}


# What each of them sets, so that the test needs no reading of their names.
OVERRIDES: dict[str, dict[tuple[str, ...], Any]] = {
    "WEB": {("web", "min_tasks"): 2, ("web", "max_tasks"): 3},
    "WEB__MAX_TASKS": {("web", "max_tasks"): 4},
    "WEB__MIN_TASKS": {("web", "min_tasks"): 1},
    "POSTGRES": {("postgres", "version"): "16"},
    "POSTGRES__VERSION": {("postgres", "version"): "17"},
    "TAGS": {("tags", "Team"): "a", ("tags", "Owner"): "a"},
    "TAGS__Team": {("tags", "Team"): "b"},
    "LANGFUSE": {("langfuse", "environment", "A"): "a", ("langfuse", "environment", "B"): "a"},
    "LANGFUSE__ENVIRONMENT": {("langfuse", "environment", "A"): "b"},
    "LANGFUSE__ENVIRONMENT__A": {("langfuse", "environment", "A"): "c"},
}


def _text(name: str) -> str:
    """The value of one of the overrides, as JSON unless it is a single value."""
    depth = len(name.split("__"))
    nested: dict[str, Any] = {}
    for path, value in OVERRIDES[name].items():
        if len(path) == depth:
            return str(value)
        inner = nested
        for key in path[depth:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = value
    return json.dumps(nested)


@hypothesis_settings(max_examples=50)
@given(names=st.lists(st.sampled_from(sorted(OVERRIDES)), unique=True))
def test_the_more_specific_variable_wins_in_any_order(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    chosen = _load_acme(tmp_path_factory.getbasetemp(), {name: _text(name) for name in names}).model_dump()
    expected = _load_acme(tmp_path_factory.getbasetemp(), {}).model_dump()
    for name in sorted(names, key=lambda name: name.count("__")):
        for (*sections, key), value in OVERRIDES[name].items():
            inner = expected
            for section in sections:
                inner = inner[section]
            inner[key] = value
    assert chosen == expected


def test_a_setting_that_two_variables_name_is_refused() -> None:
    both = {"LANGFUSE_AWS__WEB__CPU": "1024", "LANGFUSE_AWS__web__cpu": "1024"}
    for variables in (both, dict(reversed(both.items()))):
        with pytest.raises(
            SettingsError, match=r"^LANGFUSE_AWS__WEB__CPU and LANGFUSE_AWS__web__cpu: both set web\.cpu"
        ):
            load("dev", variables)


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("LANGFUSE_AWS_WEB__CPU", "did you mean LANGFUSE_AWS__WEB__CPU?"),
        ("langfuse_aws__web__cpu", "did you mean LANGFUSE_AWS__WEB__CPU?"),
        ("LANGFUSE__AWS__POSTGRES__MULTI_AZ", "did you mean LANGFUSE_AWS__POSTGRES__MULTI_AZ?"),
        ("LANGFUSE_AWS_QQQQQQQQQQQQQQQQQQQQQQQQQQQQ", "docs/settings.md"),
        ("LANGFUSE_AWS__WEB_CPU", "web_cpu: there is no such setting"),
        ("LANGFUSE_AWS__POSTGRES__VERSON", "postgres.verson: there is no such setting; did you mean version?"),
        ("LANGFUSE_AWS__POSTGRE__VERSION", "postgre: there is no such setting; did you mean postgres?"),
        ("LANGFUSE_AWS__WEB__CPU__UNITS", "web.cpu is a value, not a section"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest(variable: str, said: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load("dev", {variable: "1024"})
    assert str(refusal.value).startswith(f"{variable}: ")
    assert said in str(refusal.value)


def test_variables_of_langfuse_itself_are_left_alone() -> None:
    own = {name: "x" for name in contract().variables if re.match("LANGFUSE_*AWS_", name)}
    assert own
    assert all(name.startswith(OF_LANGFUSE) for name in own)
    assert load("dev", own) == load("dev")


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        # The variable that set the wrong value, alone or in its JSON.
        ({"WEB__CPU": "300"}, "LANGFUSE_AWS__WEB__CPU: web.cpu"),
        ({"WEB": '{"cpu": 300}'}, "LANGFUSE_AWS__WEB: web.cpu"),
        ({"WEB": '{"typo": {"a": 1}}'}, "LANGFUSE_AWS__WEB: web.typo"),
        ({"WEB": "5", "WEB__MAX_TASKS": "3"}, "LANGFUSE_AWS__WEB: web"),
        ({"ALLOWED_ACCOUNT_IDS": '["x"]'}, "LANGFUSE_AWS__ALLOWED_ACCOUNT_IDS: allowed_account_ids.0"),
        ({"TAGS__a": "&"}, "LANGFUSE_AWS__TAGS__a: tags.a"),
        # The one that wins.
        ({"WEB": '{"cpu": 1024}', "WEB__CPU": "300"}, "LANGFUSE_AWS__WEB__CPU: web.cpu"),
        # A rule between two settings: the variable of the refused one, or else that of the other.
        ({"WEB__MIN_TASKS": "3"}, "LANGFUSE_AWS__WEB__MIN_TASKS: web.min_tasks"),
        ({"WEB__MIN_TASKS": "5", "WEB__MAX_TASKS": "4"}, "LANGFUSE_AWS__WEB__MIN_TASKS: web.min_tasks"),
        ({"POSTGRES__STORAGE_GIB": "200"}, "LANGFUSE_AWS__POSTGRES__STORAGE_GIB: postgres.max_storage_gib"),
        ({"WEB__CPU": "8192", "WORKER__MAX_TASKS": "9"}, "LANGFUSE_AWS__WEB__CPU: web.memory_mib"),
        ({"LANGFUSE": '{"version": "4.16.0"}', "POSTGRES__VERSION": "14"}, "LANGFUSE_AWS__POSTGRES__VERSION: "),
        ({"NETWORK__VPC_ID": "vpc-0123456789abcdef0"}, "LANGFUSE_AWS__NETWORK__VPC_ID: network.private_subnet_ids"),
    ],
)
def test_the_error_names_the_variable(given_: dict[str, str], named: str, tmp_path: Path) -> None:
    assert _refusal(tmp_path, given_).startswith(named)


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        ({"WORKER__CPU": "1024", "TAGS__Owner": "me"}, "web.min_tasks"),
        # It has other settings of the section.
        ({"WEB": '{"cpu": 1024}'}, "web.min_tasks"),
    ],
)
def test_the_error_names_the_file_when_no_variable_is_wrong(given_: dict[str, str], named: str, tmp_path: Path) -> None:
    file = FILE.replace("min_tasks = 1", "min_tasks = 3")
    assert f"acme.toml: {named}" in _refusal(tmp_path, given_, file).partition(" = ")[0]


def test_the_number_of_the_other_errors_is_told(tmp_path: Path) -> None:
    assert _refusal(tmp_path, {"WEB": '{"cpu": "x", "min_tasks": 0, "typo": 1}'}).endswith(" (and 2 more)")


CASES_WITHOUT_EFFECT = [(row.cause, row.value, setting) for row in INEFFECTIVE for setting in row.settings]
OTHER_VALUES = {"network.cidr": "10.1.0.0/16", "clickhouse.instance_type": "m7g.xlarge"}


OTHERWISE = {"CLICKHOUSE__MODE": "ec2", "INGRESS__WAF": "true"}
"""Values of the causes with which the settings have an effect."""
REGISTRY = {"LANGFUSE__REGISTRY": "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror"}


def _cause(cause: str, value: str | bool | None) -> dict[str, str]:
    if value is None:
        return VPC
    name = cause.replace(".", "__").upper()
    return {name: value} if isinstance(value, str) else {name: json.dumps(value), **REGISTRY}


def _toml(name: str, value: str) -> str:
    section, _, key = name.lower().partition("__")
    is_plain = value.startswith("[") or value.isdecimal() or value == "true"
    return f"\n{section}.{key} = {value if is_plain else json.dumps(value)}\n"


@pytest.mark.parametrize(("cause", "value", "setting"), CASES_WITHOUT_EFFECT)
def test_a_setting_without_effect_is_refused(
    cause: str, value: str | bool | None, setting: str, tmp_path: Path
) -> None:
    name = setting.replace(".", "__").upper()
    default = kind_of(tuple(setting.split(".")))
    assert default is not None
    ineffective = {name: OTHER_VALUES.get(setting, str(default.example))}
    causes = _cause(cause, value)
    in_file = {
        who: "".join(_toml(*each) for each in which.items()) + FILE
        for who, which in (("v", ineffective), ("c", causes))
    }
    both = "".join(_toml(*each) for each in {**ineffective, **causes}.items()) + FILE
    _load_acme(tmp_path, ineffective if value is None else {**ineffective, **OTHERWISE})
    variable = f"{OVERRIDE_PREFIX}{name}: {setting}: has no effect while {cause} "
    assert _refusal(tmp_path, {**ineffective, **causes}).startswith(variable)
    assert _refusal(tmp_path, ineffective, in_file["c"]).startswith(variable)
    assert f"acme.toml: {setting}: has no effect while {cause} " in _refusal(tmp_path, {}, both)
    # A variable may choose another mode than the file's.
    _load_acme(tmp_path, causes, in_file["v"])


def test_the_table_of_ineffective_settings_has_settings() -> None:
    known = {".".join(path) for path in settings_below()}
    assert {name for row in INEFFECTIVE for name in (row.cause, *row.settings)} <= known


@pytest.mark.parametrize("service", ["web", "worker"])
def test_a_heap_of_nothing_is_not_the_default(service: str) -> None:
    with pytest.raises(SettingsError, match=rf"{service}\.heap_mib = 0: must be 256 to"):
        load("dev", {f"LANGFUSE_AWS__{service.upper()}__HEAP_MIB": "0"})
