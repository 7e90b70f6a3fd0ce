"""Tests that the parts of .ci/run, of which each commit has one, are together all of the tests of their targets."""

import re
import shlex
import subprocess
import sys

import pytest

from tests.command_line import PROJECT

RUN = (PROJECT / ".ci" / "run").read_text()
FOLDERS = {"changes": "tests/changes", "commands": "tests/docs", "faults": "tests/faults"}
"""The folder of the tests of each ``make`` target."""


def array(name: str) -> list[str]:
    """Returns the elements of an array of the script."""
    found = re.search(rf"^{name}=\((.*?)\)$", RUN, re.MULTILINE | re.DOTALL)
    assert found, name
    return shlex.split(found[1])


def is_run(test: str, target: str, arguments: str) -> bool:
    """Whether pytest runs the test: it is in a named file, if any, and its names fit ``-k``, a text in ``and or not``.

    It does not ask pytest, which needs seconds for each part.
    """
    paths, _, expression = arguments.partition("-k ")
    names = test.removeprefix(FOLDERS[target])
    words = re.findall(r"[()]|[^\s()]+", "".join(shlex.split(expression)))
    python = [word if word in {"and", "or", "not", "(", ")"} else repr(word in names) for word in words]
    is_named = not paths or paths.strip() == test.partition("::")[0]
    return is_named and (not python or bool(eval(" ".join(python))))  # noqa: S307 - True, False and their operators


@pytest.mark.parametrize("target", FOLDERS)
def test_each_test_is_in_one_part(target: str) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", FOLDERS[target]]
    collected = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    tests = [line for line in collected.splitlines() if "::" in line]
    assert tests
    of_target = [part.partition(" ")[2] for part in array("parts") if part.partition(" ")[0] == target]
    # A part with ACCIDENT is run with one after the other.
    runs = {part.replace("ACCIDENT", accident) for part in of_target for accident in array("accidents")}
    parts_of = {test: [arguments for arguments in runs if is_run(test, target, arguments)] for test in tests}
    assert {test: parts for test, parts in parts_of.items() if len(parts) != 1} == {}


def test_the_parts_are_of_known_targets() -> None:
    assert {part.partition(" ")[0] for part in array("parts")} == set(FOLDERS)
