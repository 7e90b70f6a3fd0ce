"""``ops smoke``: the one question that counts, asked from outside: whether a trace that is sent in comes out again."""

import base64
import json
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import typer

from ops.console import AsJson, console, print_json, table
from ops.target import OpsError, target

REQUEST_TIMEOUT_SECONDS = 15
POLL_SECONDS = 1
KEYS = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")


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

    With a project's API keys; it shows how long each step took.

    The trace is named ops-smoke. Exit code 1 if it is refused or does not appear in time.
    """
    public, secret = _keys(keys)
    base = (url or target().outputs("services")["alb_url"]).rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise typer.BadParameter(f"--url {base}: must start with http:// or https://")
    langfuse = Langfuse(base, public, secret)
    trace_id = str(uuid.uuid4())
    steps: dict[str, float] = {}
    try:
        steps["reach"] = _timed(langfuse.health)
        steps["send"] = _timed(lambda: langfuse.send(trace_id))
        steps["read back"] = _timed(lambda: langfuse.read_back(trace_id, timeout))
    finally:
        if as_json:
            print_json({"url": base, "trace_id": trace_id, "seconds": steps, "passed": len(steps) == 3})
        else:
            rows = [(step, f"{seconds:.2f} s") for step, seconds in steps.items()]
            console.print(table("step", "took", rows=rows, title=base))
    if not as_json:
        console.print(f"The trace {trace_id} came back.")


class Langfuse:
    """Langfuse's public API, as far as one trace needs it: https://api.reference.langfuse.com ."""

    def __init__(self, base: str, public_key: str, secret_key: str) -> None:
        self._base = base
        self._basic = base64.b64encode(f"{public_key}:{secret_key}".encode()).decode()

    def health(self) -> None:
        """Asks whether it is there."""
        self._ask("GET", "/api/public/health")

    def send(self, trace_id: str) -> None:
        """Sends one trace. The API answers 207 and lists what it refused."""
        now = datetime.now(UTC).isoformat()
        event = {
            "id": str(uuid.uuid4()),
            "type": "trace-create",
            "timestamp": now,
            "body": {"id": trace_id, "name": "ops-smoke", "timestamp": now},
        }
        answer = self._ask("POST", "/api/public/ingestion", {"batch": [event]})
        if errors := (answer or {}).get("errors"):
            raise OpsError(
                f"Langfuse refused the trace: {errors[0].get('message', 'no reason given')}; see `ops logs web`"
            )

    def read_back(self, trace_id: str, timeout_seconds: int) -> None:
        """Asks for the trace until it is there."""
        deadline = time.monotonic() + timeout_seconds
        while self._ask("GET", f"/api/public/traces/{trace_id}", absent_is_fine=True) is None:
            if time.monotonic() > deadline:
                raise OpsError(
                    f"the trace did not appear within {timeout_seconds} s: see `ops status` for the queues and"
                    " `ops logs worker`"
                )
            time.sleep(POLL_SECONDS)

    def _ask(
        self, method: str, path: str, body: object = None, *, absent_is_fine: bool = False
    ) -> dict[str, Any] | None:
        request = Request(  # noqa: S310
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {self._basic}", "Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=REQUEST_TIMEOUT_SECONDS) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except HTTPError as error:
            if error.code == 404 and absent_is_fine:
                return None
            if error.code in (401, 403):
                raise OpsError(
                    f"Langfuse rejects the keys ({error.code}): make new ones in the project's settings"
                ) from None
            raise OpsError(f"{self._base}{path} answers {error.code}: see `ops logs web`") from None
        except (URLError, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", error)
            raise OpsError(f"{self._base} can't be reached ({reason}): see `ops status`") from None
        except json.JSONDecodeError:
            raise OpsError(f"{self._base}{path} does not answer like Langfuse: is the address right?") from None


def _timed(step: Callable[[], object]) -> float:
    start = time.monotonic()
    step()
    return round(time.monotonic() - start, 3)


def _keys(source: str | None) -> tuple[str, str]:
    if source is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("there is no terminal to ask at: give the keys with --keys FILE, or --keys -")
        return typer.prompt(KEYS[0], err=True), typer.prompt(KEYS[1], err=True, hide_input=True)
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
    except OSError as error:
        raise typer.BadParameter(f"--keys {source}: {error.strerror}") from None
    found = dict(line.strip().split("=", 1) for line in text.splitlines() if "=" in line)
    if missing := [name for name in KEYS if not found.get(name)]:
        raise typer.BadParameter(f"--keys {source}: {', '.join(missing)}: missing")
    return found[KEYS[0]], found[KEYS[1]]
