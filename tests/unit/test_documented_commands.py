"""Tests that the commands in the documents exist and take these arguments: those of ops, make and the AWS CLI."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ServiceModel

from tests.command_line import PROJECT
from tests.docs.blocks import blocks
from tests.unit.test_docs import DOCUMENTS
from tests.unit.test_ops_help import COMMANDS

SUBSTITUTION = re.compile(r"\$\(((?:'[^']*'|[^()'])*)\)")
VARIABLE = re.compile(r"\$\w+")
END_OF_COMMAND = re.compile(r"\n|&&|&|;|\|")
ASSIGNMENTS = re.compile(r"^\s*(?:export )?(?:\w+=\S*\s+|\(|\{ )*")
TARGETS = re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)

SERVICES = {"s3api": "s3"}
"""The AWS CLI's names of services that are not AWS's own."""
GLOBAL_OPTIONS = {"output", "profile", "query", "region", "max-items", "no-cli-pager", "cli-input-json"}
OF_THE_CLI = {
    ("s3", "cp"),
    ("s3", "rb"),
    ("s3", "rm"),
    ("s3", "ls"),
    ("s3", "sync"),
    ("sso", "login"),
    ("configure", "sso"),
    ("logs", "tail"),
}
OF_THE_CLI |= {("ecr", "get-login-password")}
"""Commands that are not operations of a service."""


def commands(text: str) -> Iterator[str]:
    """Yields each command of a shell script, those in ``$(…)`` included."""
    text = text.replace("\\\n", " ")
    while found := SUBSTITUTION.search(text):
        yield from commands(found[1])
        text = text.replace(found[0], "substituted")
    assert "$(" not in text, f"a command with parentheses can't be read here: {text}"
    for command in END_OF_COMMAND.split(text):
        yield ASSIGNMENTS.sub("", command).strip()


def documented(program: str) -> list[tuple[Path, str]]:
    """Returns each command of the program in a block of a document, with its arguments."""
    return [
        (document, command.removeprefix(program).strip())
        for document in DOCUMENTS
        for block in blocks(document)
        if block.language == "bash"
        for command in commands(block.text)
        if command.startswith(f"{program} ")
    ]


def in_document(value: object) -> str:
    return value.name if isinstance(value, Path) else str(value)[:60]


@pytest.mark.parametrize(("document", "command"), documented("ops"), ids=in_document)
def test_ops_takes_the_arguments(document: Path, command: str) -> None:
    words = shlex.split(VARIABLE.sub("1", f"ops {command}"), comments=True)
    name = max((name for name in COMMANDS if name.split() == words[: len(name.split())]), key=len, default=None)
    assert name, f"{document.name}: {command}: there is no such command"
    COMMANDS[name].make_context(name, words[len(name.split()) :])


@pytest.mark.parametrize(("document", "command"), documented("make"), ids=in_document)
def test_make_has_the_target(document: Path, command: str) -> None:
    target, *variables = shlex.split(command, comments=True)
    assert target in TARGETS, document.name
    assert {variable.partition("=")[0] for variable in variables} <= {"ENV", "FRAMEWORK", "ARGS"}, document.name


@cache
def service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(SERVICES.get(name, name))


def waiters(name: str) -> set[str]:
    return {xform_name(waiter, "-") for waiter in botocore.session.get_session().get_waiter_model(name).waiter_names}


@pytest.mark.parametrize(("document", "command"), documented("aws"), ids=in_document)
def test_aws_has_the_operation_and_its_options(document: Path, command: str) -> None:
    name, operation, *rest = command.split()
    if (name, operation) in OF_THE_CLI:
        return
    if operation == "wait":
        assert rest[0] in waiters(name), document.name
        return
    operations = {xform_name(each, "-"): each for each in service(name).operation_names}
    assert operation in operations, f"{document.name}: {command}"
    shape = service(name).operation_model(operations[operation]).input_shape
    members = {xform_name(member, "-") for member in (shape.members if shape else ())}
    options = set(re.findall(r"(?<= )--([a-z0-9-]+)", command))
    assert options - GLOBAL_OPTIONS <= members | {f"no-{member}" for member in members}, document.name
