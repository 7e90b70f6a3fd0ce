"""Tests that the environments' files in docs/shapes.md synthesize, and that their sums are those of their parts."""

import re
import tomllib
from pathlib import Path

import pytest
from cdktf import Testing as CdktfTesting

import settings
from settings import Settings
from settings.load import ENVIRONMENTS
from stacks import add_stacks
from tests.command_line import PROJECT

PAGE = (PROJECT / "docs" / "shapes.md").read_text()
SHAPES = {
    heading.lower().replace(" ", "-"): text
    for heading, text in re.findall(r"^### (.*?)$(?:(?!^#).)*?^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
}


def section(heading: str) -> str:
    found = re.search(rf"^## {heading}$(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    lines = section(heading).partition("|---")[2].splitlines()[1:]
    table = lines[: next((number for number, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


EXTRAS = {row[0]: re.findall(r"`([a-z_.]+ = [^`]+)`", row[1]) for row in rows("Extras")}


def synthesize(folder: Path, text: str, name: str = "shape") -> Settings:
    (folder / f"{name}.toml").write_text(text)
    loaded = settings.load({"LANGFUSE_ENV": name}, environments=folder)
    for stack in add_stacks(CdktfTesting.app(), loaded):
        stack.prepare_stack()
        assert CdktfTesting.synth(stack, True)
    return loaded


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_synthesizes(shape: str, tmp_path: Path) -> None:
    synthesize(tmp_path, SHAPES[shape])


def test_the_decision_table_has_every_shape_with_its_sum() -> None:
    decisions = re.findall(r"\]\(#([a-z-]+)\) \| ([0-9,]+\d)", PAGE.partition("1. Copy")[0])
    sums = [cell.strip("*") for cell in rows("What each costs")[-1][1:]]
    assert decisions == list(zip(SHAPES, sums, strict=True))


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_synthesizes_with_the_shape_team(extra: str, tmp_path: Path) -> None:
    assert EXTRAS[extra], "the row names no setting"
    text = SHAPES["team"]
    if "in place of `domain.name`" in section("Extras").partition(extra)[2].partition("\n")[0]:
        text = re.sub(r"\[domain\]\n.*?\n\n", "", text, flags=re.DOTALL)
    # Dotted keys come above every section, and TOML has no section twice: the sections become dotted keys too.
    flat = [f"{key} = {value!r}".replace("True", "true") for key, value in dotted(tomllib.loads(text)).items()]
    synthesize(tmp_path, "\n".join([*flat, *EXTRAS[extra]]))


def dotted(table: dict[str, object], above: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in table.items():
        found |= dotted(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found


@pytest.mark.parametrize(("shape", "environment"), [("trial", "trial"), ("production", "prod")])
def test_a_shape_has_what_the_environment_of_the_repository_has(shape: str, environment: str) -> None:
    """But for the bucket's name, which everyone chooses. Production has a domain, a user and an address in addition."""
    file = dotted(tomllib.loads((ENVIRONMENTS / f"{environment}.toml").read_text()))
    file.pop("state.bucket")
    assert file.items() <= dotted(tomllib.loads(SHAPES[shape])).items()


def test_the_sums_are_those_of_the_parts() -> None:
    """To 2 USD, since each part is rounded."""
    *parts, sums = [[float(re.sub(r"[^0-9.]", "", cell)) for cell in row[1:]] for row in rows("What each costs")]
    for number, total in enumerate(sums):
        assert sum(part[number] for part in parts) == pytest.approx(total, abs=2)
