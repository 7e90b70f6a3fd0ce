"""Tests that docs/disaster-recovery.md has the settings' own values, and loses something in a rehearsal only."""

import re
import tomllib
from typing import Any

import pytest

from settings import Settings
from tests.command_line import PROJECT
from tests.environments import load

PAGE = (PROJECT / "docs" / "disaster-recovery.md").read_text()
ROWS = re.findall(r"^\| `([a-z_.]+)` \| (\S+) \| (\S+) \| (\S+) \|", PAGE, re.MULTILINE)
LOSSES = re.compile(r"(?<!modify-db-instance )\b(?:delete-(?!object\b)[a-z-]+|s3 r[bm])\b")
REHEARSED = "lose "
KEPT_AS_A_SNAPSHOT = "delete-db-instance --db-instance-identifier $NAME-postgres-before"


def value(settings: Settings, name: str) -> Any:
    found: Any = settings
    for part in name.split("."):
        found = getattr(found, part)
    return found


def written(shown: str) -> Any:
    return tomllib.loads(f"value = {shown.strip('`')}")["value"]


@pytest.mark.parametrize(("name", "default", "prod", "dev"), ROWS, ids=[row[0] for row in ROWS])
def test_the_values_of_a_setting(name: str, default: str, prod: str, dev: str) -> None:
    model: Any = Settings
    *sections, last = name.split(".")
    for section in sections:
        model = model.model_fields[section].annotation
    assert written(default) == model.model_fields[last].default
    assert written(dev) == value(load("dev"), name)
    assert prod == "external" or written(prod) == value(load("prod"), name)


def test_the_table_names_the_settings() -> None:
    assert {"postgres.backup_retention_days", "secrets.recovery_window_days"} <= {row[0] for row in ROWS}


def test_what_loses_something_does_so_in_a_rehearsal_only() -> None:
    losing = [
        line.strip() for line in PAGE.splitlines() if re.match(r" *(lose|aws|python)", line) and LOSSES.search(line)
    ]
    assert [line for line in losing if line.startswith(REHEARSED)]
    assert [line for line in losing if not line.startswith(REHEARSED) and KEPT_AS_A_SNAPSHOT not in line] == []
