"""``ops smoke``: the one question that counts, asked from outside: whether a trace that is sent in comes out again."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Annotated, Any, NoReturn, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import typer

from ops import named_values
from ops.console import AsJson, console, print_json, table
from ops.target import OpsError, target

REQUEST_TIMEOUT_SECONDS = 15
POLL_SECONDS = 1
KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
NAME = "ops-smoke"
Json = dict[str, Any]
T = TypeVar("T")


def smoke(
    keys: Annotated[
        str | None,
        typer.Option(
            "--keys", metavar="FILE", help=f"Lines {KEYS[0]}=… and {KEYS[1]}=…; - reads stdin. Else you are asked."
        ),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where Langfuse is; by default the output alb_url.")] = None,
    timeout: Annotated[int, typer.Option(metavar="SECONDS", min=1, help="How long the trace may take to appear.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Send one trace, and read it back.

    With a project's API keys; it shows how long each step took. The trace is named ops-smoke. Exit code 1 if it is
    refused or does not appear in time.
    """
    values = named_values.read(keys, "--keys", KEYS, hidden={KEYS[1]})
    base = (url or target().outputs("services")["alb_url"]).rstrip("/")
    if not _is_address(base):
        raise typer.BadParameter(f"--url {base}: must be http://<host> or https://<host>")
    server = Server(base, values[KEYS[0]], values[KEYS[1]])
    trace_id = uuid.uuid4().hex
    steps: dict[str, float] = {}
    try:
        version, steps["reach"] = _timed(server.version)
        langfuse = Observations(server) if int(version.split(".")[0]) >= 4 else Traces(server)
        _, steps["send"] = _timed(lambda: langfuse.send(trace_id))
        _, steps["read back"] = _timed(lambda: _read_back(langfuse, trace_id, timeout))
    finally:
        if as_json:
            print_json({"url": base, "trace_id": trace_id, "seconds": steps, "passed": len(steps) == 3})
        else:
            rows = [(step, f"{seconds:.2f} s") for step, seconds in steps.items()]
            console.print(table("step", "took", rows=rows, title=base))
    if not as_json:
        console.print(f"The trace {trace_id} came back.")


def _is_address(base: str) -> bool:
    try:
        parts = urlsplit(base)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


class _NoRedirect(HTTPRedirectHandler):
    """The keys go to no other server than the one that was named."""

    def redirect_request(
        self,
        req: Request,
        fp: Any,  # noqa: ANN401, ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Any,  # noqa: ANN401, ARG002
        newurl: str,
    ) -> NoReturn:
        parts = urlsplit(newurl)
        raise OpsError(f"{req.full_url} redirects: use --url {parts.scheme}://{parts.netloc}")


class Server:
    """Langfuse's HTTP server; every refusal is one line."""

    def __init__(self, base: str, public_key: str, secret_key: str) -> None:
        self._base = base
        self._basic = base64.b64encode(f"{public_key}:{secret_key}".encode()).decode()
        self._opener = build_opener(_NoRedirect)

    def version(self) -> str:
        """The version that runs. The keys are not sent."""
        found = self._answer(Request(f"{self._base}/api/public/health"))  # noqa: S310
        version = found.get("version")
        if not isinstance(version, str) or not version.split(".")[0].isdigit():
            raise OpsError(f"{self._base} does not answer like Langfuse: is the address right?")
        return version

    def get(self, path: str) -> Json | None:
        """What is there; nothing if nothing is."""
        try:
            return self._answer(self._request(path))
        except HTTPError as error:
            if error.code == 404:
                return None
            raise OpsError(f"{self._base}{path} answers {error.code}: see `ops logs web`") from None

    def post(self, path: str, body: Json, **headers: str) -> Json:
        """Sends ``body``."""
        try:
            return self._answer(self._request(path, data=json.dumps(body).encode(), **headers))
        except HTTPError as error:
            raise OpsError(f"{self._base}{path} answers {error.code}: see `ops logs web`") from None

    def _request(self, path: str, data: bytes | None = None, **headers: str) -> Request:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        common = {"Authorization": f"Basic {self._basic}", "Content-Type": "application/json"}
        return Request(self._base + path, data=data, headers={**common, **named})  # noqa: S310

    def _answer(self, request: Request) -> Json:
        try:
            with self._opener.open(request, timeout=REQUEST_TIMEOUT_SECONDS) as answer:
                found = json.load(answer)
        except HTTPError as error:
            if error.code in (401, 403):
                raise OpsError(
                    f"Langfuse rejects the keys ({error.code}): make new ones in the project's settings"
                ) from None
            if "Authorization" in request.headers:
                raise
            raise OpsError(f"{request.full_url} answers {error.code}: see `ops logs web`") from None
        except (OSError, HTTPException) as error:
            why = error.reason if isinstance(error, URLError) else error
            raise OpsError(f"{self._base} can't be reached ({why}): see `ops status`") from None
        except ValueError:
            raise OpsError(f"{request.full_url} does not answer like Langfuse: is the address right?") from None
        return found if isinstance(found, dict) else {}


class Observations:
    """Langfuse 4: OpenTelemetry in, observations out, which is its only path without delay.

    https://langfuse.com/integrations/native/opentelemetry ; v4 refuses what v3 took (langfuse/langfuse#15950).
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def send(self, trace_id: str) -> None:
        """Sends a trace of one span."""
        now = str(time.time_ns())
        span = {
            "traceId": trace_id,
            "spanId": trace_id[:16],
            "name": NAME,
            "kind": 1,
            "startTimeUnixNano": now,
            "endTimeUnixNano": now,
        }
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": NAME}}]}
        scope = {"scope": {"name": NAME}, "spans": [span]}
        body = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
        self._server.post("/api/public/otel/v1/traces", body, x_langfuse_ingestion_version="4")

    def is_there(self, trace_id: str) -> bool:
        """Whether it can be read."""
        return bool((self._server.get(f"/api/public/v2/observations?traceId={trace_id}") or {}).get("data"))


class Traces:
    """Langfuse 3: https://api.reference.langfuse.com ."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def send(self, trace_id: str) -> None:
        """Sends a trace. The API answers 207 and lists what it refused."""
        now = datetime.now(UTC).isoformat()
        event = {
            "id": str(uuid.uuid4()),
            "type": "trace-create",
            "timestamp": now,
            "body": {"id": trace_id, "name": NAME, "timestamp": now},
        }
        if errors := self._server.post("/api/public/ingestion", {"batch": [event]}).get("errors"):
            raise OpsError(
                f"Langfuse refused the trace: {errors[0].get('message', 'no reason given')}; see `ops logs web`"
            )

    def is_there(self, trace_id: str) -> bool:
        """Whether it can be read."""
        return self._server.get(f"/api/public/traces/{trace_id}") is not None


def _read_back(langfuse: Observations | Traces, trace_id: str, timeout_seconds: int) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not langfuse.is_there(trace_id):
        if time.monotonic() > deadline:
            raise OpsError(
                f"the trace did not appear within {timeout_seconds} s: see `ops status` for the queues and"
                " `ops logs worker`"
            )
        time.sleep(POLL_SECONDS)


def _timed(step: Callable[[], T]) -> tuple[T, float]:
    start = time.monotonic()
    result = step()
    return result, round(time.monotonic() - start, 3)
