"""Tests of ``ops logs`` with a fake CloudWatch Logs."""

import json
import os
import signal
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ops import logs
from tests.command_line import Ran, assert_one_line, ops_in_process
from tests.states import serve, state

STATE = state({"web_log_group_name": "web"})
EVENT = {"eventId": "1", "timestamp": 1764158400000, "logStreamName": "web/web/0123456789", "message": "a line\n"}


def run_logs(server: HTTPServer, answer: object, *options: str) -> Ran:
    """Runs the command; FilterLogEvents gives the answer."""
    serve(server, "services", STATE)
    expected = server.expect_request("/", headers={"X-Amz-Target": "Logs_20140328.FilterLogEvents"})
    if callable(answer):
        expected.respond_with_handler(answer)
    else:
        expected.respond_with_json(answer)
    environment = {
        "AWS_ENDPOINT_URL": server.url_for("/"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
    }
    return ops_in_process("logs", "web", *options, environment=environment)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "web has logged no lines since 20"),
        (["--errors"], "web has logged no errors since 20"),
        (["--filter", "absent"], "web has logged no lines that match since 20"),
    ],
    ids=" ".join,
)
def test_a_log_without_lines_says_so(fake_server: HTTPServer, options: list[str], says: str) -> None:
    ran = run_logs(fake_server, {"events": []}, *options)
    assert_one_line(ran, says, code=0)
    assert ran.stdout == ""


def test_lines_are_printed_alone(fake_server: HTTPServer) -> None:
    ran = run_logs(fake_server, {"events": [EVENT]})
    assert (ran.stdout, ran.stderr) == ("2025-11-26T12:00:00.000Z 01234567 a line\n", "")


def test_an_invalid_pattern_is_a_wrong_argument(fake_server: HTTPServer) -> None:
    def refuse(_: Request) -> Response:
        body = {"__type": "InvalidParameterException", "message": "Invalid filter pattern"}
        return Response(json.dumps(body), 400)

    ran = run_logs(fake_server, refuse, "--filter", "{")
    assert_one_line(ran, "ops logs: Invalid value: --filter: Invalid filter pattern; see `ops logs --help`", code=2)


def test_ctrl_c_ends_following(fake_server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "POLL_SECONDS", 0.01)
    answers: list[Any] = [{"events": []}, {"events": [EVENT]}]

    def answer(_: Request) -> Response:
        if not answers:
            os.kill(os.getpid(), signal.SIGINT)
        return Response(json.dumps(answers.pop(0) if answers else {"events": []}))

    ran = run_logs(fake_server, answer, "--follow")
    assert (ran.returncode, ran.stdout[25:], ran.stderr) == (130, "01234567 a line\n", "")
