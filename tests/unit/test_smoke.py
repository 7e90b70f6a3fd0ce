"""Tests of ``ops smoke`` with a fake Langfuse."""

import base64
import json
import re
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ops import smoke
from tests.command_line import Ran, assert_one_line, ops_in_process

KEYS = "LANGFUSE_PUBLIC_KEY=pk-lf-1\nLANGFUSE_SECRET_KEY=sk-lf-secret\n"  # pragma: allowlist secret
AUTHORIZATION = {"Authorization": "Basic " + base64.b64encode(b"pk-lf-1:sk-lf-secret").decode()}
HEALTH = "/api/public/health"
OTEL = "/api/public/otel/v1/traces"
POLLS_BEFORE_IT_SHOWS = 2


def json_response(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def fake_langfuse(
    server: HTTPServer,
    version: str = "4.16.0",
    *,
    accepts_keys: bool = True,
    shows_traces: bool = True,
    refuses_events: bool = False,
    legacy: bool = False,
) -> str:
    """Configures ``server`` to answer like Langfuse's public API, and returns its URL.

    With ``legacy``, it is a Langfuse 4 that writes and reads the tables of Langfuse 3 only.
    """
    polls: dict[str, int] = {}

    def health(request: Request) -> Response:
        assert "Authorization" not in request.headers
        return json_response({"status": "OK", "version": version})

    def shows(trace_id: str) -> bool:
        assert trace_id in polls
        polls[trace_id] += 1
        return shows_traces and polls[trace_id] > POLLS_BEFORE_IT_SHOWS

    def otel(request: Request) -> Response:
        (resource,) = request.get_json()["resourceSpans"]
        (scope,) = resource["scopeSpans"]
        (span,) = scope["spans"]
        assert (len(span["traceId"]), len(span["spanId"])) == (32, 16)
        polls[span["traceId"]] = 0
        return json_response({}, 503 if refuses_events else 200)

    def observations(request: Request) -> Response:
        trace_id = request.args["traceId"]
        return json_response({"data": [{"traceId": trace_id}] if shows(trace_id) else [], "meta": {}})

    def ingestion(request: Request) -> Response:
        (event,) = request.get_json()["batch"]
        polls[event["body"]["id"]] = 0
        if refuses_events:
            errors = [{"id": event["id"], "status": 400, "message": "not accepted"}]
            return json_response({"successes": [], "errors": errors}, 207)
        return json_response({"successes": [{"id": event["id"], "status": 201}], "errors": []}, 207)

    def trace(request: Request) -> Response:
        trace_id = request.path.rpartition("/")[2]
        return json_response({"id": trace_id}, 200 if shows(trace_id) else 404)

    expect = server.expect_request
    expect(HEALTH, "GET").respond_with_handler(health)
    if not accepts_keys:
        expect(re.compile("/api/public/.*")).respond_with_json({"message": "Invalid credentials"}, 401)
    elif version.startswith("4."):
        # Langfuse 4 accepts no traces at /api/public/ingestion: https://github.com/langfuse/langfuse/pull/15950
        headers = {**AUTHORIZATION, "x-langfuse-ingestion-version": "4"}
        expect(OTEL, "POST", headers=headers).respond_with_handler(otel)
        absent = json_response({"message": "is not available"}, 404)
        new, old = (lambda _: absent, trace) if legacy else (observations, lambda _: absent)
        expect("/api/public/v2/observations", "GET", headers=AUTHORIZATION).respond_with_handler(new)
        expect(re.compile("/api/public/traces/.*"), "GET", headers=AUTHORIZATION).respond_with_handler(old)
    else:
        expect("/api/public/ingestion", "POST", headers=AUTHORIZATION).respond_with_handler(ingestion)
        expect(re.compile("/api/public/traces/.*"), "GET", headers=AUTHORIZATION).respond_with_handler(trace)
    return server.url_for("/")


def run_smoke(url: str, *options: str, keys: str = KEYS, **environment: str) -> Ran:
    return ops_in_process("smoke", "--keys", "-", "--url", url, *options, environment=environment, stdin=keys)


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "POLL_SECONDS", 0.01)


@pytest.mark.parametrize(("version", "legacy"), [("4.16.0", False), ("4.16.0", True), ("3.225.4", False)])
def test_a_trace_comes_back(fake_server: HTTPServer, version: str, legacy: bool) -> None:
    ran = run_smoke(fake_langfuse(fake_server, version, legacy=legacy), "--json")
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
        ({"refuses_events": True}, f"{OTEL} answers 503"),
        ({"version": "3.225.4", "refuses_events": True}, "refused the trace: not accepted"),
        ({"version": "unknown"}, "does not answer like Langfuse"),
    ],
    ids=["rejects keys", "never shows", "refuses", "refuses in version 3", "no version"],
)
def test_an_error_is_one_line(fake_server: HTTPServer, behaviour: dict[str, Any], says: str) -> None:
    ran = run_smoke(fake_langfuse(fake_server, **behaviour), "--timeout", "1")
    assert_one_line(ran, says)
    assert "sk-lf-secret" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("page", ["<html>", "[" * 100_000, "\xff", ""], ids=["HTML", "nested", "binary", "empty"])
def test_a_page_instead_of_json(fake_server: HTTPServer, page: str) -> None:
    fake_server.expect_request(HEALTH).respond_with_data(page.encode("latin-1"), content_type="text/html")
    assert_one_line(run_smoke(fake_server.url_for("/")), f"{HEALTH} does not answer like Langfuse")


def test_keys_with_any_character_can_be_sent(fake_server: HTTPServer) -> None:
    ran = run_smoke(fake_langfuse(fake_server, accepts_keys=False), keys=KEYS.replace("secret", "…"))
    assert_one_line(ran, "rejects the keys")


def test_a_server_that_is_down() -> None:
    assert_one_line(run_smoke("http://127.0.0.1:9"), "http://127.0.0.1:9 can't be reached")


@pytest.mark.parametrize(("path", "status"), [(HEALTH, 301), (OTEL, 308)])
def test_no_redirect_is_followed(fake_server: HTTPServer, path: str, status: int) -> None:
    location = {"Location": f"https://langfuse.example.com{path}"}
    fake_server.expect_request(path).respond_with_data(status=status, headers=location)
    ran = run_smoke(fake_langfuse(fake_server))
    assert_one_line(ran, f"{path} redirects: use --url https://langfuse.example.com")


def test_a_redirect_with_a_base_path(fake_server: HTTPServer) -> None:
    location = {"Location": f"https://langfuse.example.com/langfuse{HEALTH}"}
    fake_server.expect_request(f"/langfuse{HEALTH}").respond_with_data(status=301, headers=location)
    ran = run_smoke(fake_server.url_for("/langfuse/"))
    assert_one_line(ran, f"/langfuse{HEALTH} redirects: use --url https://langfuse.example.com/langfuse")


def test_the_proxy_of_the_environment_is_used(fake_server: HTTPServer) -> None:
    fake_langfuse(fake_server)
    proxy = f"http://user:password@127.0.0.1:{fake_server.port}"  # pragma: allowlist secret
    ran = run_smoke("http://langfuse.example.com", http_proxy=proxy, no_proxy="")
    assert ran.returncode == 0, ran.stderr
    for request, _ in fake_server.log:
        assert request.host == "langfuse.example.com"
        assert request.headers["Proxy-Authorization"] == "Basic " + base64.b64encode(b"user:password").decode()


def test_no_proxy_is_respected(fake_server: HTTPServer) -> None:
    ran = run_smoke(fake_langfuse(fake_server), http_proxy="http://127.0.0.1:9", no_proxy="127.0.0.1")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    "url",
    [
        "langfuse.example.com",
        "https://host:port",
        "ftp://host",
        "https://user:Passw0rd@host",  # pragma: allowlist secret
        "https://user:Pass w0rd@host",  # pragma: allowlist secret
        "https://Passw0rd@host",
        "https://host?key=Passw0rd",
        "https://host/\nPassw0rd",
        "https://host:0/Passw0rd",
        "https://host:65536/Passw0rd",
        f"https://{'Passw0rd' * 10}",
    ],
)
def test_an_invalid_address_is_refused_and_not_shown(url: str) -> None:
    ran = run_smoke(url)
    assert ran.returncode == 2
    assert "such as https://langfuse.example.com" in ran.stderr
    assert "w0rd" not in ran.stdout + ran.stderr


def test_swapped_keys_are_not_sent(fake_server: HTTPServer) -> None:
    keys = KEYS.replace("=pk-lf-", "=sk-lf-")
    assert_one_line(run_smoke(fake_server.url_for("/"), keys=keys), "LANGFUSE_PUBLIC_KEY: is a secret key", code=2)


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:Pass w0rd@host:99999",  # pragma: allowlist secret
        "http://user:Passw0rd@127.0.0.1:9",  # pragma: allowlist secret
        "x://:y@z",
    ],
)
def test_a_proxy_that_does_not_work_is_named_without_its_password(proxy: str) -> None:
    ran = run_smoke("http://langfuse.example.com", http_proxy=proxy, no_proxy="")
    assert_one_line(ran, "http://langfuse.example.com can't be reached")
    assert "w0rd" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("version", ["²", "9" * 5000 + ".0", 4, None, ["4.0.0"]])
def test_a_version_that_is_none(fake_server: HTTPServer, version: object) -> None:
    fake_server.expect_request(HEALTH).respond_with_json({"version": version})
    assert_one_line(run_smoke(fake_server.url_for("/")), "does not answer like Langfuse")


@pytest.mark.parametrize("errors", ["no", [{}], ["no"], {"message": "no"}])
def test_a_refusal_without_a_reason(fake_server: HTTPServer, errors: object) -> None:
    fake_server.expect_request(HEALTH).respond_with_json({"version": "3.225.4"})
    fake_server.expect_request("/api/public/ingestion").respond_with_json({"errors": errors}, 207)
    assert_one_line(run_smoke(fake_server.url_for("/")), "refused the trace: see")
