"""Tests of hostile values for every argument and option of every ``ops`` command."""

import re
import shlex
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from typer.core import TyperArgument, TyperOption

from tests.command_line import Ran, ops_in_process
from tests.unit.test_ops_arguments import NOWHERE
from tests.unit.test_ops_help import COMMANDS

pytestmark = pytest.mark.usefixtures("_outdir_in_use")

VALUES = [
    "",
    "-1.5e9",
    "web=٣",
    "web=" + "9" * 5000,
    ".".join(["9" * 5000] * 3),
    "x" * 100_000,
    "\x1b[31mred\x07\u202e\udcff\n",
    "https://user:Passw0rd@host",  # pragma: allowlist secret
]
ANY_TEXT = {"--filter", "--allow"}
"""AWS and the plans tell which values of these are right."""


def parameters() -> Iterator[tuple[str, str]]:
    """Each command with each of its arguments, '' for one without a name, and options that take a value."""
    for typed, command in COMMANDS.items():
        for parameter in command.params:
            if isinstance(parameter, TyperArgument):
                yield typed, ""
            elif isinstance(parameter, TyperOption) and not parameter.is_flag:
                yield typed, parameter.opts[0]


PARAMETERS = list(parameters())


def run_with(typed: str, option: str, value: str) -> Ran:
    """Runs a command's example, with the value in the place of the argument, or for the option."""
    (example,) = re.findall(r"^Example: ops (.+)$", COMMANDS[typed].help or "", re.MULTILINE)
    arguments = shlex.split(example)
    if option:
        return ops_in_process(*arguments, f"{option}={value}", environment=NOWHERE)
    command = typed.split()[1:]
    options = arguments[next((at for at, word in enumerate(arguments) if word.startswith("--")), len(arguments)) :]
    return ops_in_process(*command, *options, "--", value, environment=NOWHERE)


def assert_refused_in_one_line(ran: Ran) -> None:
    shown = ran.stderr
    assert shown.count("\n") == 1, ran.stderr[:1000]
    assert shown.rstrip("\n").isprintable()
    assert len(shown) < 500
    assert "internal error" not in shown
    assert "Passw0rd" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_hostile_values_are_refused_before_a_request(value: str) -> None:
    for typed, option in PARAMETERS:
        if option not in ANY_TEXT:
            ran = run_with(typed, option, value)
            assert ran.returncode == 2, (typed, option, ran.stderr[:1000])
            assert_refused_in_one_line(ran)


@pytest.mark.parametrize("typed", sorted(COMMANDS.keys() - {typed for typed, option in PARAMETERS if not option}))
def test_an_argument_too_many_is_not_shown(typed: str) -> None:
    ran = ops_in_process(*typed.split()[1:], "Passw0rd", environment=NOWHERE)
    assert ran.returncode == 2
    assert_refused_in_one_line(ran)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PARAMETERS), st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_any_value_ends_in_one_line(parameter: tuple[str, str], value: str) -> None:
    ran = run_with(*parameter, value)
    assert ran.returncode in (1, 2)
    assert_refused_in_one_line(ran)
