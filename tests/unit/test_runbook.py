"""Tests that docs/operate.md shows each command of ops, in a block that can be run."""

import re

from tests.command_line import PROJECT
from tests.docs.blocks import blocks
from tests.unit.test_documented_commands import commands
from tests.unit.test_ops_help import COMMANDS

PAGE = PROJECT / "docs" / "operate.md"


def test_every_command_is_in_a_block() -> None:
    shown = {command for block in blocks(PAGE) if block.language == "bash" for command in commands(block.text)}
    missing = [name for name in COMMANDS if not any(f"{command} ".startswith(f"{name} ") for command in shown)]
    assert missing == []


def test_every_command_is_in_the_index() -> None:
    rows = re.findall(r"^\| (`ops .*`) \|", PAGE.read_text().partition("\n## ")[0], re.MULTILINE)
    indexed = {name for row in rows for name in re.findall(r"`(ops [a-z -]+)`", row)}
    assert indexed == set(COMMANDS)
