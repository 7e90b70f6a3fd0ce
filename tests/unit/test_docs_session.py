"""Tests of how the blocks of a document are run: ``make commands``."""

import os
from pathlib import Path

import pytest

from tests.command_line import PROJECT
from tests.docs.blocks import Block
from tests.docs.session import failure, run_blocks, working_copy

PAGE = PROJECT / "README.md"


def page(*texts: str) -> list[Block]:
    """Blocks that begin in the lines 10, 20 and so on."""
    return [Block(PAGE, number * 10, "bash", text, None) for number, text in enumerate(texts, 1)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "copy"
    made.mkdir()
    return made


def test_the_blocks_of_a_page_run_in_one_shell(folder: Path) -> None:
    ran = run_blocks(
        page("VALUE=set\nmkdir inner && cd inner\n", 'echo "$VALUE in $(basename "$PWD")"\n'), folder, os.environ
    )
    assert (ran.returncode, ran.stdout) == (0, "--- README.md:10\n--- README.md:20\nset in inner\n")


@pytest.mark.parametrize(
    "failing", ["false", "echo $UNSET", "false | cat", "exit 3", "no-such-command", "echo --- a; false"]
)
def test_a_failing_block_is_named_and_shown_and_ends_the_page(failing: str, folder: Path) -> None:
    blocks = page("echo first\n", f"echo second\n{failing}\n", "echo third\n")
    ran = run_blocks(blocks, folder, os.environ)
    assert ran.returncode != 0
    assert "third" not in ran.stdout
    assert failure(blocks, ran).startswith(f"README.md:20: exit code {ran.returncode}\necho second\n{failing}\n")


def test_bash_names_the_line_of_the_page(folder: Path) -> None:
    assert "line 22: UNSET" in run_blocks(page("true\n", "true\necho $UNSET\n"), folder, os.environ).stdout


def test_what_is_typed_reaches_the_commands(folder: Path) -> None:
    assert "typed" in run_blocks(page("cat\n"), folder, os.environ, "typed").stdout
    assert run_blocks(page("read -r answer\n"), folder, os.environ).returncode == 1


def test_a_page_does_not_wait_for_what_it_has_started(folder: Path) -> None:
    assert run_blocks(page("sleep 600 &\n"), folder, os.environ).returncode == 0


def test_make_in_a_page_does_not_get_the_arguments_of_the_make_that_runs_the_tests(folder: Path) -> None:
    (folder / "Makefile").write_text("deploy:\n\t@echo $(or $(ARGS),all)\n")
    outer = {**os.environ, "ARGS": "-k some", "MAKEFLAGS": " -- ARGS=-k\\ some", "MAKELEVEL": "1"}
    ran = run_blocks(page("make --silent deploy\n"), folder, outer)
    assert (ran.returncode, ran.stdout) == (0, "--- README.md:10\nall\n")


def test_the_commands_are_of_the_copy_and_what_they_install_too(tmp_path: Path) -> None:
    copy = working_copy(tmp_path / "copy")
    command = "which python\ncd docs\npython -c 'import settings, sys; print(settings.__file__, sys.prefix)'\n"
    ran = run_blocks(page(command), copy, os.environ)
    assert ran.stdout.splitlines()[1:] == [
        f"{copy}/.venv/bin/python",
        f"{copy}/settings/__init__.py {copy}/.venv",
    ]
    assert not (copy / ".venv").is_symlink()
    assert not (copy / ".venv" / "bin").is_symlink()
