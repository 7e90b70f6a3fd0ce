"""``ops smoke`` against stand-ins for Langfuse: one that behaves, and some that do not."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ops import smoke
from tests.command_line import assert_one_line, ops_in_process
from tests.stand_in import JsonHandler, served

KEYS = "LANGFUSE_PUBLIC_KEY=pk-lf-1\nLANGFUSE_SECRET_KEY=sk-lf-secret\n"  # pragma: allowlist secret
AUTHORIZATION = "Basic " + base64.b64encode(b"pk-lf-1:sk-lf-secret").decode()
POLLS_BEFORE_IT_SHOWS = 2


@contextmanager
def langfuse(
    version: str = "4.16.0", *, accepts_keys: bool = True, shows_traces: bool = True, refuses_events: bool = False
) -> Iterator[str]:
    """A server on 127.0.0.1 that answers as Langfuse's public API does; gives its address."""
    polls: dict[str, int] = {}
    is_v4 = version.startswith("4.")

    class Handler(JsonHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/api/public/health":
                # Nobody needs keys for it.
                self.answer(400 if "Authorization" in self.headers else 200, {"status": "OK", "version": version})
            elif url.path == "/api/public/v2/observations" and is_v4:
                (trace_id,) = parse_qs(url.query)["traceId"]
                self.answer(200, {"data": [{"traceId": trace_id}] if self.shows(trace_id) else [], "meta": {}})
            elif url.path.startswith("/api/public/traces/") and not is_v4:
                trace_id = url.path.rpartition("/")[2]
                self.answer(200 if self.shows(trace_id) else 404, {"id": trace_id})
            else:
                self.answer(404, {})

        def shows(self, trace_id: str) -> bool:
            if trace_id in polls:
                polls[trace_id] += 1
            return shows_traces and polls.get(trace_id, 0) > POLLS_BEFORE_IT_SHOWS

        def do_POST(self) -> None:
            body = json.loads(self.body())
            if not accepts_keys or self.headers["Authorization"] != AUTHORIZATION:
                self.answer(401, {"message": "Invalid credentials"})
            elif self.path == "/api/public/otel/v1/traces" and is_v4:
                assert self.headers["x-langfuse-ingestion-version"] == "4"
                (resource,) = body["resourceSpans"]
                (scope,) = resource["scopeSpans"]
                (span,) = scope["spans"]
                assert (len(span["traceId"]), len(span["spanId"])) == (32, 16)
                polls[span["traceId"]] = 0
                self.answer(503 if refuses_events else 200, {})
            elif self.path == "/api/public/ingestion":
                (event,) = body["batch"]
                # https://github.com/langfuse/langfuse/pull/15950
                if refuses_events or is_v4:
                    errors = [{"id": event["id"], "status": 400, "message": "not accepted"}]
                    self.answer(207, {"successes": [], "errors": errors})
                else:
                    polls[event["body"]["id"]] = 0
                    self.answer(207, {"successes": [{"id": event["id"], "status": 201}], "errors": []})

    with served(Handler) as url:
        yield url


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "POLL_SECONDS", 0.01)


@pytest.mark.parametrize("version", ["4.16.0", "3.225.4"])
def test_a_trace_comes_back(version: str) -> None:
    with langfuse(version) as url:
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
        ({"refuses_events": True}, "/api/public/otel/v1/traces answers 503"),
        ({"version": "3.225.4", "refuses_events": True}, "refused the trace: not accepted"),
        ({"version": "unknown"}, "does not answer like Langfuse"),
    ],
    ids=["rejects keys", "never shows", "refuses", "refuses in version 3", "is none"],
)
def test_what_goes_wrong_is_one_line(behaviour: dict[str, Any], says: str) -> None:
    with langfuse(**behaviour) as url:
        ran = ops_in_process("smoke", "--keys", "-", "--url", url, "--timeout", "1", environment={}, stdin=KEYS)
    assert_one_line(ran, says)
    assert "sk-lf-secret" not in ran.stdout + ran.stderr


def test_a_server_that_is_down() -> None:
    ran = ops_in_process("smoke", "--keys", "-", "--url", "http://127.0.0.1:9", environment={}, stdin=KEYS)
    assert_one_line(ran, "http://127.0.0.1:9 can't be reached")


def test_the_keys_follow_no_redirect() -> None:
    class Handler(JsonHandler):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", "https://langfuse.example.com/api/public/health")
            self.end_headers()

    with served(Handler) as url:
        ran = ops_in_process("smoke", "--keys", "-", "--url", url, environment={}, stdin=KEYS)
    assert_one_line(ran, "use --url https://langfuse.example.com")


@pytest.mark.parametrize("url", ["langfuse.example.com", "https://host:port", "ftp://host"])
def test_an_address_that_is_none(url: str) -> None:
    ran = ops_in_process("smoke", "--keys", "-", "--url", url, environment={}, stdin=KEYS)
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
