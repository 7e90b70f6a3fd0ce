"""``ops smoke`` against stand-ins for Langfuse: one that behaves, and some that do not."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ops import smoke
from tests.command_line import assert_one_line, ops_in_process
from tests.stand_in import JsonHandler, served

KEYS = "LANGFUSE_PUBLIC_KEY=pk-lf-1\nLANGFUSE_SECRET_KEY=sk-lf-secret\n"
AUTHORIZATION = "Basic " + base64.b64encode(b"pk-lf-1:sk-lf-secret").decode()
POLLS_BEFORE_IT_SHOWS = 2


@contextmanager
def langfuse(*, accepts_keys: bool = True, shows_traces: bool = True, refuses_events: bool = False) -> Iterator[str]:
    """A server on 127.0.0.1 that answers as Langfuse's public API does; gives its address."""
    polls: dict[str, int] = {}

    class Handler(JsonHandler):
        def do_GET(self) -> None:
            if self.path == "/api/public/health":
                self.answer(200, {"status": "OK"})
                return
            trace_id = self.path.rpartition("/")[2]
            if trace_id in polls:
                polls[trace_id] += 1
            shown = shows_traces and polls.get(trace_id, 0) > POLLS_BEFORE_IT_SHOWS
            self.answer(200 if shown else 404, {"id": trace_id})

        def do_POST(self) -> None:
            (event,) = json.loads(self.body())["batch"]
            if not accepts_keys or self.headers["Authorization"] != AUTHORIZATION:
                self.answer(401, {"message": "Invalid credentials"})
            elif refuses_events:
                self.answer(207, {"successes": [], "errors": [{"id": event["id"], "status": 400, "message": "no"}]})
            else:
                polls[event["body"]["id"]] = 0
                self.answer(207, {"successes": [{"id": event["id"], "status": 201}], "errors": []})

    with served(Handler) as url:
        yield url


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "POLL_SECONDS", 0.01)


def test_a_trace_comes_back() -> None:
    with langfuse() as url:
        ran = ops_in_process("smoke", "--keys", "-", "--url", url, "--json", environment={}, stdin=KEYS)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert answer["passed"]
    assert list(answer["seconds"]) == ["reach", "send", "read back"]
    assert "sk-lf-secret" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ({"accepts_keys": False}, "rejects the keys"),
        ({"shows_traces": False}, "did not appear within 1 s"),
        ({"refuses_events": True}, "refused the trace: no"),
    ],
    ids=["rejects keys", "never shows", "refuses"],
)
def test_what_goes_wrong_is_one_line(behaviour: dict[str, bool], says: str) -> None:
    with langfuse(**behaviour) as url:
        ran = ops_in_process("smoke", "--keys", "-", "--url", url, "--timeout", "1", environment={}, stdin=KEYS)
    assert_one_line(ran, says)
    assert "sk-lf-secret" not in ran.stdout + ran.stderr


def test_a_server_that_is_down() -> None:
    ran = ops_in_process("smoke", "--keys", "-", "--url", "http://127.0.0.1:9", environment={}, stdin=KEYS)
    assert_one_line(ran, "http://127.0.0.1:9 can't be reached")
