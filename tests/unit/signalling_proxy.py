"""A proxy in front of the embedded AWS that ends a command at one of its requests."""

import os
import signal
import subprocess
import sys
from threading import Event
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest, urlopen

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.command_line import PROJECT, Ran
from tests.unit.small_deployment import SmallDeployment

SECONDS = 30


class SignallingProxy:
    """Passes requests of a command on, and sends it a signal at one of them. Without ``end``, it only passes them on.

    Args:
        server: where requests come from; it has several threads.
        deployment: where they go to.
        service: the service, as in the name of the variable ``AWS_ENDPOINT_URL_<service>``.
    """

    def __init__(self, server: HTTPServer, deployment: SmallDeployment, service: str) -> None:
        self._deployment = deployment
        self._variables = {f"AWS_ENDPOINT_URL_{service}": server.url_for("/")}
        self._at: tuple[str, int] | None = None
        self._signal, self._passed_on, self._until = signal.SIGKILL, True, ""
        self._count = 0
        self._noticed = Event()
        self._process: subprocess.Popen[str] | None = None
        server.expect_request("/").respond_with_handler(self._handle)

    def end(self, action: str, moment: int, with_: signal.Signals, *, passed_on: bool, until: str = "") -> None:
        """Sends the signal at a request, once it is ``passed_on``, or in its place.

        Args:
            action: the request's action, such as ``PutSecretValue``.
            moment: which request of this action, counted from 1.
            with_: the signal.
            passed_on: whether AWS gets the request.
            until: the action that the command requests once it has noticed the signal. The answer waits for it.
        """
        self._at, self._signal, self._passed_on, self._until = (action, moment), with_, passed_on, until
        self._count = 0

    def run(self, *arguments: str, **variables: str) -> Ran:
        """Runs ``ops`` in dev, as a process, with additional environment variables."""
        environment = {**os.environ, **self._deployment.aws.environment, **variables, **self._variables}
        with subprocess.Popen(
            [sys.executable, "-m", "ops", *arguments],
            cwd=PROJECT,
            env={**environment, "LANGFUSE_ENV": "dev"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            self._process = process
            out, err = process.communicate(timeout=2 * SECONDS)
        return Ran(arguments, process.returncode, out, err)

    def _handle(self, request: Request) -> Response:
        action = request.headers["X-Amz-Target"].rpartition(".")[2]
        if action == self._until:
            self._noticed.set()
        self._count += self._at is not None and action == self._at[0]
        now = self._at == (action, self._count)
        answer = Response(status=500) if now and not self._passed_on else self._pass_on(request)
        if now and self._process:
            self._process.send_signal(self._signal)
            if self._until:
                assert self._noticed.wait(SECONDS)
            else:
                self._process.wait(SECONDS)
        return answer

    def _pass_on(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers if name not in ("Host", "Content-Length")}
        try:
            with urlopen(HttpRequest(self._deployment.aws.url, request.get_data(), headers)) as answer:  # noqa: S310
                return Response(answer.read(), answer.status)
        except HTTPError as error:
            return Response(error.read(), error.code)
