"""Tests of every ``ops`` command as a process: without what the environment usually has, and interrupted.

Each command runs with the arguments of its help's example, so that a new command is tested as well.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event
from unittest.mock import patch

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ops import plan
from ops.terraform import run
from tests.command_line import PROJECT, Ran, assert_one_line, ops_in_process
from tests.environments import EC2, FIRST
from tests.unit.test_clickhouse_values import GOOD
from tests.unit.test_ops_help import COMMANDS
from tests.unit.test_smoke import KEYS

pytestmark = pytest.mark.usefixtures("_outdir_in_use")

MISSING = ("HOME", "PATH", "LANG", "LC_ALL", "TERM", "USER", "TMPDIR")
ASKING = sorted(COMMANDS.keys() - {"ops apply", "ops cost", "ops plan", "ops plan-review"})
ABOUT_EC2 = {"ops clickhouse report", "ops clickhouse grow"}
"""Of ClickHouse on EC2 alone."""
"""The commands that send requests by themselves."""


@pytest.fixture
def run_example(tmp_path: Path, httpserver: HTTPServer) -> "RunExample":
    return RunExample(tmp_path, httpserver.url_for("/").rstrip("/"))


class RunExample:
    """Runs a command's example in prod, with files and addresses of the test."""

    def __init__(self, folder: Path, url: str) -> None:
        (folder / "keys.txt").write_text(KEYS)
        (folder / "values.txt").write_text("\n".join(f"{name}={value}" for name, value in GOOD.items()))
        (folder / "data.json").write_text('{"format_version": "1.2", "resource_changes": []}')
        self._replaced = {
            "keys.txt": str(folder / "keys.txt"),
            "values.txt": str(folder / "values.txt"),
            "cdktf.out/plans/*.json": str(folder / "data.json"),
            "https://langfuse.example.com": url,
        }
        self._environment = {
            **FIRST,
            "LANGFUSE_ENV": "prod",
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
            "AWS_MAX_ATTEMPTS": "1",
        }

    def __call__(self, typed: str) -> Ran:
        (example,) = re.findall(r"^Example: ops (.+)$", COMMANDS[typed].help or "", re.MULTILINE)
        arguments = [self._replaced.get(argument, argument) for argument in shlex.split(example)]
        mode = EC2 if typed in ABOUT_EC2 else {}
        return ops_in_process(*arguments, environment={**self._environment, **mode})


def refuse(_: Request) -> Response:
    return Response('{"__type": "AccessDeniedException", "message": "no"}', 403)


@pytest.mark.parametrize("typed", COMMANDS)
def test_an_error_is_one_line_whatever_the_environment_lacks(
    typed: str, httpserver: HTTPServer, run_example: RunExample
) -> None:
    httpserver.expect_request(re.compile(".*")).respond_with_handler(refuse)
    with patch.dict(os.environ):
        for name in MISSING:
            os.environ.pop(name, None)
        ran = run_example(typed)
    assert ran.returncode == (0 if typed in ("ops cost", "ops plan-review") else 1), ran.stderr
    assert ran.stderr.count("\n") == ran.returncode
    assert "internal error" not in ran.stderr


def test_an_endpoint_that_is_no_url_is_named_alone() -> None:
    endpoint = {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "Passw0rd"}
    ran = ops_in_process("outputs", environment=endpoint)
    assert_one_line(ran, "AWS_ENDPOINT_URL_S3: must be a URL")
    assert "Passw0rd" not in ran.stderr


HIDDEN = "Passw0rd"
OWN_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "own"}


@pytest.mark.parametrize(
    ("profile", "variables", "says"),
    [
        (
            f"credential_process = echo {HIDDEN}",
            OWN_CREDENTIALS,
            "the AWS configuration can't be used (JSONDecodeError)",
        ),
        (f"credential_process = sh -c 'echo {HIDDEN} >&2; exit 1'", OWN_CREDENTIALS, "custom-process failed"),
        ("s3 = x", {}, "the AWS configuration can't be used (AttributeError)"),
        ("", {"HTTP_PROXY": f"http://me:{HIDDEN}/x@127.0.0.1:9"}, "check HTTP_PROXY and HTTPS_PROXY"),
        ("", {"HTTP_PROXY": f"http://me:{HIDDEN}#x@127.0.0.1:9"}, "check HTTP_PROXY and HTTPS_PROXY"),
    ],
)
def test_a_wrong_aws_configuration_is_not_shown(
    profile: str, variables: dict[str, str], says: str, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(f"[profile own]\n{profile}\n[default]\n{profile}\n")
    environment = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://aws.example.com",
        "NO_PROXY": "",
        **variables,
    }
    ran = ops_in_process("outputs", environment=environment)
    assert_one_line(ran, says)
    assert HIDDEN not in ran.stderr


@pytest.mark.parametrize("folder", [PROJECT, PROJECT.parent, PROJECT / "ops" / ".."])
def test_the_project_is_never_emptied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "OUTDIR", folder)
    assert_one_line(ops_in_process("plan", environment={}), "CDKTF_OUTDIR must name a folder of its own", code=2)


def test_an_empty_name_of_the_output_folder_is_the_default() -> None:
    code = "from ops.terraform import OUTDIR; print(OUTDIR.name)"
    ran = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "CDKTF_OUTDIR": ""}, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "cdktf.out\n"


def test_ctrl_c_at_a_question() -> None:
    terminal, ours = os.openpty()
    command = [sys.executable, "-m", "ops", "smoke"]
    with subprocess.Popen(command, cwd=PROJECT, stdin=ours, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        asked = process.stderr.read(len("LANGFUSE_PUBLIC_KEY"))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    os.close(terminal)
    os.close(ours)
    assert asked == "LANGFUSE_PUBLIC_KEY"
    assert (process.returncode, rest.strip()) == (130, ":")


def test_a_reader_that_is_gone() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "ops", "--help"]
    ran = subprocess.run(command, cwd=PROJECT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, "")


def test_programs_run_without_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")
    assert run("python", "-c", "print('ran')", folder=tmp_path, capture=True) == "ran\n"


@pytest.mark.parametrize("typed", ASKING)
def test_ctrl_c_during_a_request(typed: str, httpserver: HTTPServer, run_example: RunExample) -> None:
    ended = Event()

    def never_answer(_: Request) -> Response:
        os.kill(os.getpid(), signal.SIGINT)
        assert ended.wait(30)
        return Response()

    httpserver.expect_request(re.compile(".*")).respond_with_handler(never_answer)
    try:
        ran = run_example(typed)
    finally:
        ended.set()
    assert ran.returncode == 130, ran.stderr
    assert ran.stderr == ""


@pytest.mark.parametrize("package", ["cdktf", "diagram", "jinja2"])
def test_commands_start_without_what_few_of_them_need(package: str) -> None:
    """CDKTF takes a second, and Node.js."""
    code = f"import sys, ops.commands; sys.exit({package!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0
