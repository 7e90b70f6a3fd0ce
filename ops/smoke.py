"""``ops smoke``: sends a trace to a deployed Langfuse, and reads it back."""

import re
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, TypeVar
from urllib.parse import urljoin, urlsplit

import typer
from urllib3 import BaseHTTPResponse, PoolManager
from urllib3.exceptions import HTTPError
from urllib3.util import make_headers

from ops import secret_input
from ops.console import AsJson, console, print_json, show, table
from ops.environment import OpsError, load_environment
from ops.http_pool import http_pool
from ops.keys import project_keys
from settings.sections.ingress import Ingress

REQUEST_TIMEOUT_SECONDS = 15
POLL_SECONDS = 1
SEE_STATUS = "see `ops status`"
KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
NAME = "ops-smoke"
ADDRESS = re.compile(
    r"https?://(LABEL(\.LABEL)*|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?(/[a-z0-9/._~%-]{0,999})?".replace(
        "LABEL", "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    ),
    re.IGNORECASE,
)
"""A URL without user, password, query and fragment."""
Json = dict[str, Any]
T = TypeVar("T")


def smoke(
    keys: Annotated[
        str | None,
        typer.Option(
            "--keys",
            metavar="FILE",
            help=f"Lines {KEYS[0]}=… and {KEYS[1]}=…; - is standard input. By default, the first project's keys are"
            " read from Secrets Manager; without a section first, you are asked.",
        ),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Langfuse's address. By default, the output alb_url.")] = None,
    timeout: Annotated[
        int, typer.Option(metavar="SECONDS", min=1, max=86400, help="How long to wait for the trace.")
    ] = 60,
    as_json: AsJson = False,
) -> None:
    """Send a trace, and read it back.

    Sends with a project's API keys, and shows how long each step took. With the section first in the settings, the keys
    are those of the first project. The trace is named ops-smoke. Exit code 1 if it is refused or does not appear in
    time.

    Example: ops smoke --keys keys.txt --url https://langfuse.example.com
    """
    if url is not None and not _is_address(url):
        # Without the address: there may be a password in it.
        raise typer.BadParameter(
            "--url: must be http:// or https:// and a host, without user and password, such as"
            " https://langfuse.example.com"
        )
    values, if_rejected = _keys(keys)
    if_unreachable = SEE_STATUS
    if url is None:
        environment = load_environment()
        url, if_unreachable = environment.outputs("services")["alb_url"], _if_unreachable(environment.settings.ingress)
    base = url.rstrip("/")
    if values[KEYS[0]].startswith("sk-"):
        raise typer.BadParameter(f"{KEYS[0]}: is a secret key, since it starts with sk-: the two keys are swapped")
    server = Server(base, values[KEYS[0]], values[KEYS[1]], if_unreachable, if_rejected)
    trace_id = uuid.uuid4().hex
    steps: dict[str, float] = {}
    try:
        version, steps["reach"] = _timed(server.version)
        langfuse = Observations(server) if int(version.split(".")[0]) >= 4 else Traces(server)
        _, steps["send"] = _timed(lambda: langfuse.send(trace_id))
        with console.status("Waiting for the trace ..."):
            _, steps["read back"] = _timed(lambda: _read_back(langfuse, trace_id, timeout))
    finally:
        if as_json:
            print_json({"url": base, "trace_id": trace_id, "seconds": steps, "passed": len(steps) == 3})
        else:
            rows = [(step, f"{seconds:.2f} s") for step, seconds in steps.items()]
            show(table("step", "took", rows=rows), base)
    if not as_json:
        console.print(f"The trace {trace_id} came back.")


def _if_unreachable(ingress: Ingress) -> str:
    """What to do if the load balancer can't be reached."""
    if ingress.internal:
        return f"ingress.internal lets only the VPC and networks connected to it in: run this there, or {SEE_STATUS}"
    if ingress.allowed_cidrs:
        return f"add your address to ingress.allowed_cidrs if it is not in it, or {SEE_STATUS}"
    return SEE_STATUS


def _keys(source: str | None) -> tuple[dict[str, str], str]:
    """A project's API keys, and what helps if Langfuse rejects them."""
    if source is None:
        environment = load_environment()
        if environment.settings.first.is_set:
            return project_keys(environment), f"web stores them when it starts: run {environment.deploy_command} first"
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                f"there are no keys: set the section first and run {environment.deploy_command}, or give them with"
                " --keys FILE, or --keys -"
            )
    return secret_input.read(source, "--keys", KEYS, hidden={KEYS[1]}), "make new ones in the project's settings"


def _is_address(url: str) -> bool:
    try:
        # The port's range is checked when it is read.
        return ADDRESS.fullmatch(url) is not None and urlsplit(url).port != 0
    except ValueError:
        return False


class Server:
    """Langfuse's public API. Every failed request raises an OpsError.

    Args:
        base: its address.
        public_key: a project's public API key.
        secret_key: its secret API key.
        if_unreachable: what to do about no answer.
        if_rejected: what to do about wrong keys.
    """

    def __init__(self, base: str, public_key: str, secret_key: str, if_unreachable: str, if_rejected: str) -> None:
        self._base = base
        self._if_unreachable = if_unreachable
        self._if_rejected = if_rejected
        self._keys = make_headers(basic_auth=f"{public_key}:{secret_key}", basic_auth_encoding="utf-8")

    def version(self) -> str:
        """The version of Langfuse. The keys are not sent."""
        path = "/api/public/health"
        version = self._json(path, self._request("GET", path)).get("version")
        if not isinstance(version, str) or not re.match(r"\d{1,4}\.", version, re.ASCII):
            raise OpsError(f"{self._base} does not answer like Langfuse: is the address right?")
        return version

    def get(self, path: str) -> Json | None:
        """The JSON object at ``path``, or None if the server answers 404."""
        response = self._request("GET", path, headers=self._keys)
        return None if response.status == 404 else self._json(path, response)

    def post(self, path: str, body: Json, headers: Mapping[str, str] | None = None) -> Json:
        """Sends ``body`` as JSON."""
        return self._json(path, self._request("POST", path, headers={**self._keys, **(headers or {})}, json=body))

    @cached_property
    def _pool(self) -> PoolManager:
        return http_pool(self._base)

    def _request(self, method: str, path: str, **options: Any) -> BaseHTTPResponse:  # noqa: ANN401
        url = self._base + path
        try:
            # A redirect is not followed: the keys go to no other server than the given one.
            response = self._pool.request(
                method, url, redirect=False, retries=False, timeout=REQUEST_TIMEOUT_SECONDS, **options
            )
            if location := response.get_redirect_location():
                parts = urlsplit(urljoin(url, location))
                base_path = urlsplit(self._base).path
                raise OpsError(f"{url} redirects: use --url {parts.scheme}://{parts.netloc}{base_path}")
        # ValueError: a redirect to an address that is none.
        except (HTTPError, ValueError) as error:
            # The cause is the system's. The error itself may name a proxy with its password.
            why = error.__cause__ or type(error).__name__
            raise OpsError(f"{self._base} can't be reached ({why}): {self._if_unreachable}") from None
        if response.status in (401, 403):
            raise OpsError(f"Langfuse rejects the keys ({response.status}): {self._if_rejected}")
        return response

    def _json(self, path: str, response: BaseHTTPResponse) -> Json:
        if response.status >= 300:
            raise OpsError(f"{self._base}{path} answers {response.status}: see `ops logs web`")
        try:
            body = response.json()
        except (ValueError, RecursionError):
            raise OpsError(f"{self._base}{path} does not answer like Langfuse: is the address right?") from None
        return body if isinstance(body, dict) else {}


class Observations:
    """Langfuse 4: sends by OpenTelemetry and reads observations, its only way without delay.

    https://langfuse.com/integrations/native/opentelemetry
    Version 4 refuses what version 3 accepts (langfuse/langfuse#15950).
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
        self._server.post("/api/public/otel/v1/traces", body, {"x-langfuse-ingestion-version": "4"})

    def is_there(self, trace_id: str) -> bool:
        """Whether it can be read: from the new tables, or from the old ones in the write modes legacy and dual."""
        observations = self._server.get(f"/api/public/v2/observations?traceId={trace_id}") or {}
        return bool(observations.get("data")) or self._server.get(f"/api/public/traces/{trace_id}") is not None


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
        match self._server.post("/api/public/ingestion", {"batch": [event]}).get("errors"):
            case None | []:
                return
            case [{"message": str(reason)}, *_]:
                raise OpsError(f"Langfuse refused the trace: {reason}; see `ops logs web`")
            case _:
                raise OpsError("Langfuse refused the trace: see `ops logs web`")

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
