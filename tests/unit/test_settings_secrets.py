"""Tests that no error shows what may be a secret, and that each says what is allowed instead of how it is checked."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st
from pydantic import AfterValidator, Field

import settings
from settings import Settings, SettingsError
from settings.reading.errors import HIDDEN_KEY, is_name
from settings.reading.fields import Kind, kind_of, settings_below
from settings.reading.overrides import OVERRIDE_PREFIX
from settings.variables.rules import contract

PROJECT = Path(__file__).parents[2]
CANARY = "Xq7-hunter2.canary"
BASE: dict[str, object] = {"region": "us-east-1", "state": {"bucket": "acme-langfuse-state"}}
SECTIONS = [(name,) for name in Settings.model_fields if (kind := kind_of((name,))) is not None and kind.is_section]
LEAVES = list(settings_below())
TABLES = [path for path in LEAVES if (kind := kind_of(path)) is not None and kind.is_table]
UNKNOWN = [("typo",), ("mail", "password"), ("name",), *((*section, "password") for section in SECTIONS)]
TOO_DEEP = [(*path, "password") for path in LEAVES if path not in TABLES]
ENTRIES = [(*path, "X") for path in TABLES] + [(*path, "X", "y") for path in TABLES]
PLACES = [*LEAVES, *SECTIONS, *UNKNOWN, *TOO_DEEP, *ENTRIES]
Shape = Callable[[str], object]
SHAPES_OF_ALL: list[Shape] = [lambda secret: secret, lambda secret: [secret], lambda secret: {"password": secret}]
SHAPES: list[Shape] = [
    *SHAPES_OF_ALL,
    lambda secret: f"{secret}/8",
    lambda secret: f"https://me:{secret}@example.com",
    lambda secret: f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{secret}",
    lambda secret: [[secret]],
    lambda secret: {"A": {"B": [secret]}},
]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _nested(path: tuple[str, ...], value: object) -> dict[str, object]:
    for key in reversed(path):
        value = {key: value}
    return dict(value) if isinstance(value, dict) else {}


def _merge(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    merged = dict(one)
    for key, value in other.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _refused(folder: Path, values: dict[str, object], variables: dict[str, str]) -> str:
    """What is said of the values in a file, and of the variables; empty if they are accepted."""
    file = folder / "acme.toml"
    if values is not BASE or not file.exists():
        file.write_text("".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in values.items()))
    try:
        settings.load({"LANGFUSE_ENV": "acme", **variables}, environments=folder)
    except SettingsError as error:
        return str(error)
    finally:
        if values is not BASE:
            file.unlink()
    return ""


def _said(folder: Path, path: tuple[str, ...], value: object) -> Iterator[str]:
    """What is said of a value in its variable, in the JSON of its section, and in the file."""
    text = value if isinstance(value, str) else json.dumps(value)
    yield _refused(folder, BASE, {OVERRIDE_PREFIX + "__".join(path).upper(): text})
    yield _refused(folder, BASE, {OVERRIDE_PREFIX + path[0].upper(): _json_of_section(path, value)})
    yield _refused(folder, _merge(BASE, _nested(path, value)), {})


def _json_of_section(path: tuple[str, ...], value: object) -> str:
    return json.dumps(_nested(path[1:], value) or value)


@pytest.mark.parametrize("path", PLACES, ids=".".join)
def test_a_secret_in_the_wrong_place_is_not_shown(path: tuple[str, ...], tmp_path: Path) -> None:
    said = [line for shape in SHAPES_OF_ALL for line in _said(tmp_path, path, shape(CANARY))]
    assert [line for line in said if CANARY in line] == []
    assert "".join(said), "nothing was refused"


NUMBER = 73910284


@pytest.mark.parametrize("path", [path for path in PLACES if (kind := kind_of(path)) is None or kind.type is not int])
def test_a_number_in_the_place_of_a_text_is_not_shown(path: tuple[str, ...], tmp_path: Path) -> None:
    line = _refused(tmp_path, _merge(BASE, _nested(path, NUMBER)), {})
    assert line
    assert str(NUMBER) not in line


@pytest.mark.parametrize("name", ["LANGFUSE__SECRETS__X", "TYPO", "WEB__TYPO", "SECRETS__SALT_VERSION"])
def test_figures_that_may_be_a_secret_are_not_shown(name: str, tmp_path: Path) -> None:
    line = _refused(tmp_path, BASE, {OVERRIDE_PREFIX + name: str(NUMBER)})
    assert line
    assert str(NUMBER) not in line


@hypothesis_settings(max_examples=30)
@given(
    path=st.sampled_from(PLACES),
    shape=st.sampled_from(SHAPES),
    secret=st.text(alphabet="QXZqxz0123456789-_./+=", min_size=12, max_size=40).map(lambda text: f"Xq!{text}"),
)
def test_no_part_of_a_random_secret_is_shown(
    path: tuple[str, ...], shape: Shape, secret: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    value = shape(secret)
    broken = _refused(folder, BASE, {OVERRIDE_PREFIX + "WEB": _json_of_section(path, value)[:-1]})
    misspelt = _refused(folder, BASE, {"LANGFUSE_AWS_" + "__".join(path).upper(): str(value)})
    assert broken
    assert misspelt
    parts = {secret[start : start + 10] for start in range(len(secret) - 9)}
    for line in (broken, misspelt, *_said(folder, path, value)):
        assert [part for part in parts if part in line] == []


@pytest.mark.parametrize(
    "line",
    [
        f"password = {CANARY}",
        f'password = "{CANARY}',
        f"{CANARY}",
        f'region = "us-east-1" {CANARY}',
        f'a = 1\n"{CANARY}" = 1\n"{CANARY}" = 2',
        f'["{CANARY}"]\n["{CANARY}"]',
        f'x = {{"{CANARY}" = 1, "{CANARY}" = 2}}',
        f'a = "\\{CANARY}"',
    ],
)
def test_broken_toml_is_not_quoted(line: str, tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(line)
    with pytest.raises(
        SettingsError, match=r"not valid TOML at (line [0-9]+, column [0-9]+|end of document): "
    ) as refusal:
        settings.load({"LANGFUSE_ENV": "acme"}, environments=tmp_path)
    assert CANARY not in str(refusal.value)


SECRET_KEYS = [
    "sk-lf-0a1b2c3d-4e5f-6789",
    "wJalrXUtnFEMI/K7MDENG",
    "Tr0ub4dor&3 horse",
    "eyJhbGciOiJIUzI1NiJ9.e30",  # pragma: allowlist secret
    "0" * 20,
]


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_key_that_is_no_name_is_not_shown(key: str, tmp_path: Path) -> None:
    for path in ((key,), ("web", key), ("tags", key), ("langfuse", "environment", key), (key, "x")):
        for line in _said(tmp_path, path, "&"):
            assert key.lower() not in line.lower()
    assert HIDDEN_KEY in next(_said(tmp_path, ("web", key), "x"))


def test_the_names_of_settings_and_tags_are_names() -> None:
    names = {part for path in LEAVES for part in path}
    assert [name for name in (*names, *map(str.upper, names)) if not is_name(name)] == []
    assert [name for name in ("CostCenter", "acme:team", "AUTH_AZURE_B2C_TENANT_ID", "_x") if not is_name(name)] == []


def test_the_names_of_langfuses_variables_are_names() -> None:
    names = contract().variables
    assert len(names) > 100
    assert [name for name in names if not is_name(f"{OVERRIDE_PREFIX}LANGFUSE__ENVIRONMENT__{name}")] == []


SHOWN = {
    "WEB__CPU": ("300", "web.cpu = 300: "),
    "NETWORK__CIDR": ("10.0.0.0/28", 'network.cidr = "10.0.0.0/28": '),
    "WORKER__MIN_TASKS": ("0", 'worker.min_tasks = "0": '),
    "POSTGRES__VERSION": ("14", 'postgres.version = "14": '),
    "DOMAIN__NAME": ("langfuse.example.com", 'domain.name = "langfuse.example.com": '),
    "DOMAIN__CLOUDFRONT": ("maybe", "domain.cloudfront: "),
    "CLICKHOUSE__MODE": ("serverless", "clickhouse.mode: "),
    "TAGS__Team": ("1&", "tags.Team: "),
    "LANGFUSE__ENVIRONMENT__x": ("1", "langfuse.environment.x: "),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_value_that_can_be_no_secret_is_shown(name: str) -> None:
    value, said = SHOWN[name]
    with pytest.raises(SettingsError) as refusal:
        settings.load({"LANGFUSE_ENV": "dev", OVERRIDE_PREFIX + name: value})
    assert str(refusal.value).startswith(f"{OVERRIDE_PREFIX}{name}: {said}")


def test_a_text_that_nothing_checks_may_be_a_secret() -> None:
    assert not Kind(str).is_closed
    assert not Kind(str, (Field(max_length=9).metadata[0],)).is_closed
    assert Kind(str, (AfterValidator(str),)).is_closed
    tables = [kind_of((*path, "X")) for path in TABLES]
    assert [kind for kind in tables if kind is None or kind.is_closed] == []


PATTERNS = ("^", "\\", "[a-z", "[A-Z", "[0-9", "{1,", ")?", "]*", "]+", "|")
WRONG_TEXTS = ["!", "", "a b", "é", "x" * 3000, "arn:aws:kms:", "subnet-", "-", "1..2"]


def _checked_places() -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yields the path of every text that is checked, and whether it is a key."""
    for path in LEAVES:
        kind = kind_of(path)
        assert kind is not None
        if kind.is_table:
            yield (*path, "X"), False
            if get_args(get_args(kind.type)[0]) or get_args(kind.type)[0] is not str:
                yield (*path, "X"), True
        elif kind.is_list or kind.type is str:
            yield path, False


@pytest.mark.parametrize(("path", "of_key"), list(_checked_places()))
def test_errors_say_what_is_allowed_without_a_pattern(path: tuple[str, ...], of_key: bool, tmp_path: Path) -> None:
    kind = kind_of(path)
    assert kind is not None
    said = []
    for wrong in WRONG_TEXTS:
        place = (*path[:-1], wrong) if of_key else path
        value = "X" if of_key else [wrong] if kind.is_list else wrong
        said.append(_refused(tmp_path, _merge(BASE, _nested(place, value)), {}))
    assert [line for line in said for sign in PATTERNS if sign in line] == []
    assert [line for line in said if len(line) > 1000] == []
    if path[-2:] != ("environment", "X") or of_key:
        assert any("must " in line for line in said)


def test_an_error_has_an_example() -> None:
    with pytest.raises(
        SettingsError, match=r"state\.bucket: must be an S3 bucket name.*, such as acme-langfuse-state$"
    ):
        settings.load({"LANGFUSE_AWS__STATE__BUCKET": "!"})
    with pytest.raises(SettingsError, match=r"tags: must be .*table .*"):
        settings.load({"LANGFUSE_AWS__TAGS": "[1]"})
    with pytest.raises(SettingsError, match=r"web: must be a section with the settings cpu, "):
        settings.load({"LANGFUSE_AWS__WEB": "[1]"})
