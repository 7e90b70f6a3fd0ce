"""Tests of the help of each ``ops`` command."""

import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from ops.commands import app
from tests.command_line import ops_in_process


def commands(command: object, *path: str) -> Iterator[tuple[str, TyperCommand]]:
    """Yields each command with its full name, such as ``ops clickhouse set``."""
    if isinstance(command, TyperGroup):
        for name, subcommand in command.commands.items():
            yield from commands(subcommand, *path, name)
    elif isinstance(command, TyperCommand):
        yield " ".join(path), command


COMMANDS = dict(commands(typer.main.get_command(app), "ops"))


@pytest.mark.parametrize("typed", COMMANDS)
def test_the_help_has_an_example_that_works(typed: str) -> None:
    command = COMMANDS[typed]
    (example,) = re.findall(r"^Example: (.+)$", command.help or "", re.MULTILINE)
    assert example.startswith(typed)
    arguments = shlex.split(example.removeprefix(typed))
    command.make_context(typed, arguments)


def test_the_list_of_commands_shows_each_summary_in_full() -> None:
    assert "..." not in ops_in_process("--help", environment={}).stdout.partition("Commands:")[2]


def test_the_commands() -> None:
    assert set(COMMANDS) == {
        "ops apply",
        "ops bootstrap",
        "ops clickhouse grow",
        "ops clickhouse report",
        "ops clickhouse set",
        "ops cost",
        "ops doctor",
        "ops keys",
        "ops logs",
        "ops outputs",
        "ops plan",
        "ops plan-review",
        "ops preflight",
        "ops prices",
        "ops recover",
        "ops redeploy",
        "ops scale",
        "ops smoke",
        "ops state restore",
        "ops state versions",
        "ops status",
        "ops unlock",
        "ops upgrade",
        "ops wait",
    }
