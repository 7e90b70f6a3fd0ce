"""Tests that the table of what a change does is complete, and right where no deployment is needed to tell."""

import tomllib
from operator import attrgetter
from pathlib import Path

import pytest

from ops.apply import ADMINISTRATORS_STACK
from settings import changes
from settings.changes import EFFECTS, FILE
from tests.changes.values import DEPLOYED_WITH, SETTINGS, changed, variables
from tests.environments import ENVIRONMENTS, load
from tests.synthesis import SynthesizedStack, app

TABLE = changes.read()
UNUSED = [
    (environment, setting)
    for environment in ENVIRONMENTS
    for setting in SETTINGS
    if setting in TABLE and TABLE[setting].effect_in(environment) == "nothing"
]


def test_every_setting_is_in_the_table_in_the_order_of_the_model() -> None:
    assert list(TABLE) == list(SETTINGS)


def test_the_effects_are_known() -> None:
    tables = tomllib.loads(FILE.read_text())
    assert {effect for table in tables.values() for key, effect in table.items() if key != "note"} <= set(EFFECTS)
    assert {key for table in tables.values() for key in table} <= {"effect", "note", *ENVIRONMENTS}


def test_what_may_surprise_has_a_note() -> None:
    assert [setting for setting, change in TABLE.items() if change.effect != "in place" and not change.note] == []


def test_the_file_is_as_it_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / FILE.name
    copy.write_text(FILE.read_text())
    monkeypatch.setattr(changes, "FILE", copy)
    changes.write(TABLE)
    assert copy.read_text() == FILE.read_text()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_another_value_is_known(environment: str, setting: str) -> None:
    current = load(environment, DEPLOYED_WITH)
    values = changed(setting, current)
    assert values[setting] != attrgetter(setting)(current)
    if TABLE[setting].effect_in(environment) != "refused":
        load(environment, {**DEPLOYED_WITH, **variables(values)})


@pytest.mark.parametrize(("environment", "setting"), UNUSED)
def test_a_setting_that_changes_nothing_is_in_no_resource(environment: str, setting: str) -> None:
    values = changed(setting, load(environment, DEPLOYED_WITH))
    before, after = app(environment, DEPLOYED_WITH), app(environment, {**DEPLOYED_WITH, **variables(values)})
    # The roles' policies name what is outside of the environment: an administrator deploys them first.
    graph = {name: stack for name, stack in after.items() if name != ADMINISTRATORS_STACK}
    assert [name for name, stack in graph.items() if _resources(stack) != _resources(before[name])] == []


def _resources(stack: SynthesizedStack) -> dict[str, object]:
    return {block: stack.json.get(block) for block in ("resource", "ephemeral", "removed", "output")}
