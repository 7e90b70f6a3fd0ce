"""Tests of ``ops keys``, and of ``ops smoke`` with the keys of the first project, on an embedded AWS."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from ops import smoke
from settings.secret_variables import FIRST_SECRETS, secret_name_output
from tests.command_line import PROJECT, Ran, assert_one_line
from tests.environments import FIRST
from tests.states import state
from tests.unit.state_bucket import StateBucket
from tests.unit.test_smoke import AUTHORIZATION, fake_langfuse

URL = "http://langfuse.example.com"
EMAIL = FIRST["LANGFUSE_AWS__FIRST__USER_EMAIL"]
VALUES = dict(zip(FIRST_SECRETS, ("Passw0rd-of-the-owner", "pk-lf-1", "sk-lf-secret"), strict=True))
NAMES = {variable: f"langfuse-dev/{variable.lower()}" for variable in FIRST_SECRETS}


@pytest.fixture
def deployed(state_bucket: StateBucket) -> Iterator[StateBucket]:
    """The state bucket of an environment with the section first, whose secrets are there."""
    outputs = {secret_name_output(variable): name for variable, name in NAMES.items()}
    state_bucket.put("data", state(outputs, lineage="data", serial=8))
    state_bucket.put("services", state({"alb_url": URL}, lineage="services", serial=6))
    secrets = state_bucket.client("secretsmanager")
    for variable, name in NAMES.items():
        secrets.create_secret(Name=name, SecretString=VALUES[variable])
    yield state_bucket
    for name in NAMES.values():
        with suppress(secrets.exceptions.ResourceNotFoundException):
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "POLL_SECONDS", 0.01)


def assert_no_value(ran: Ran) -> None:
    """Neither a value nor both keys as HTTP sends them are shown."""
    shown = ran.stdout + ran.stderr
    assert [value for value in (*VALUES.values(), AUTHORIZATION["Authorization"][-10:]) if value in shown] == []


def on_a_terminal(aws: StateBucket, *arguments: str) -> str:
    """What the command prints on a wide terminal."""
    terminal, ours = os.openpty()
    environment = {**os.environ, **aws.aws.environment, **FIRST, "LANGFUSE_ENV": "dev", "COLUMNS": "200"}
    command = [sys.executable, "-m", "ops", *arguments]
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=ours, stderr=subprocess.PIPE) as process:
        os.close(ours)
        printed = b""
        try:
            while part := os.read(terminal, 65536):
                printed += part
        except OSError:  # Linux's way to tell that no process has the terminal open
            pass
        assert process.stderr is not None
        errors = process.stderr.read().decode()
    os.close(terminal)
    assert process.returncode == 0, errors
    return printed.decode()


def test_keys_names_the_secrets_and_reads_none(deployed: StateBucket) -> None:
    deployed.client("secretsmanager").delete_secret(SecretId=NAMES[FIRST_SECRETS[0]], ForceDeleteWithoutRecovery=True)
    ran = deployed.ops("keys", **FIRST)
    assert ran.returncode == 0, ran.stderr
    for shown in (*NAMES.values(), URL, EMAIL, "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "LANGFUSE_BASE_URL"):
        assert shown in ran.stdout
    assert_no_value(ran)


def test_json_has_the_names_alone(deployed: StateBucket) -> None:
    ran = deployed.ops("keys", "--json", **FIRST)
    names = dict(zip(("password", "public key", "secret key"), NAMES.values(), strict=True))
    assert json.loads(ran.stdout) == {"url": URL, "user_email": EMAIL, "secrets": names}


def test_a_terminal_gets_the_values(deployed: StateBucket) -> None:
    printed = on_a_terminal(deployed, "keys", "--show")
    for value in VALUES.values():
        assert value in printed
    assert [value for value in VALUES.values() if value in on_a_terminal(deployed, "keys")] == []


@pytest.mark.parametrize(("options", "says"), [((), "only a terminal"), (("--json",), "--json never has the values")])
def test_no_pipe_gets_the_values(deployed: StateBucket, options: tuple[str, ...], says: str) -> None:
    ran = deployed.ops("keys", "--show", *options, **FIRST)
    assert_one_line(ran, says, code=2)
    assert_no_value(ran)


def test_keys_without_the_section(deployed: StateBucket) -> None:
    assert_one_line(deployed.ops("keys"), "dev has no first user", "section first", "`make deploy ENV=dev`")


def test_keys_before_the_deploy(deployed: StateBucket) -> None:
    deployed.put("data", state({"database_id": "langfuse-dev-postgres"}, lineage="data", serial=9))
    for command in ("keys", "smoke"):
        ran = deployed.ops(command, **FIRST)
        assert_one_line(ran, "has no output langfuse_init_", "`make deploy ENV=dev`")


def test_smoke_takes_the_keys_of_the_first_project(deployed: StateBucket, fake_server: HTTPServer) -> None:
    deployed.put("services", state({"alb_url": fake_langfuse(fake_server)}, lineage="services", serial=9))
    ran = deployed.ops("smoke", **FIRST)
    assert ran.returncode == 0, ran.stderr
    assert "came back" in ran.stdout
    assert_no_value(ran)


def test_smoke_reads_no_more_than_the_two_keys(deployed: StateBucket, fake_server: HTTPServer) -> None:
    deployed.client("secretsmanager").delete_secret(SecretId=NAMES[FIRST_SECRETS[0]], ForceDeleteWithoutRecovery=True)
    ran = deployed.ops("smoke", "--url", fake_langfuse(fake_server), **FIRST)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ({"accepts_keys": False}, "rejects the keys (401): web stores them when it starts: run `make deploy ENV=dev`"),
        ({"shows_traces": False}, "did not appear within 1 s"),
        ({"refuses_events": True}, "answers 503"),
    ],
    ids=["rejects keys", "never shows", "refuses"],
)
def test_no_error_of_smoke_has_a_key(
    deployed: StateBucket, fake_server: HTTPServer, behaviour: dict[str, Any], says: str
) -> None:
    ran = deployed.ops("smoke", "--url", fake_langfuse(fake_server, **behaviour), "--timeout", "1", **FIRST)
    assert_one_line(ran, says)
    assert_no_value(ran)


def test_a_deleted_key_is_named(deployed: StateBucket) -> None:
    name = NAMES["LANGFUSE_INIT_PROJECT_SECRET_KEY"]
    deployed.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    ran = deployed.ops("smoke", **FIRST)
    assert_one_line(ran, f"the secret {name} is deleted, or holds no value", "`ops doctor`")


def test_smoke_without_any_keys_says_both_ways(state_bucket: StateBucket) -> None:
    ran = state_bucket.ops("smoke")
    assert_one_line(ran, "set the section first and run `make deploy ENV=dev`", "--keys FILE", code=2)
