"""Application Auto Scaling, which ministack 1.5 lacks: as much of it as Terraform's AWS provider calls.

Missing there: RegisterScalableTarget, DescribeScalableTargets, DeregisterScalableTarget, PutScalingPolicy,
DescribeScalingPolicies, DeleteScalingPolicy, ListTagsForResource, TagResource. This keeps what it is told and scales
nothing. It can go when ministack has them.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Request = dict[str, Any]
Response = dict[str, Any]

IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class ObjectNotFoundError(Exception):
    """AWS's answer when there is no such target or policy."""


class Registry:
    """The scalable targets and policies that were registered. A method is an API action."""

    def __init__(self) -> None:
        self._targets: dict[tuple[str, ...], Request] = {}
        self._policies: dict[tuple[str, ...], Request] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def RegisterScalableTarget(self, request: Request) -> Response:
        key = _identity(request)
        arn = _arn("scalable-target", "/".join(key))
        tags = request.pop("Tags", {})
        self._targets[key] = {**self._targets.get(key, {}), **request, "ScalableTargetARN": arn}
        self._tags.setdefault(arn, {}).update(tags)
        return {"ScalableTargetARN": arn}

    def DescribeScalableTargets(self, request: Request) -> Response:
        ids = request.get("ResourceIds")
        return {"ScalableTargets": [t for t in self._targets.values() if not ids or t["ResourceId"] in ids]}

    def DeregisterScalableTarget(self, request: Request) -> Response:
        if self._targets.pop(_identity(request), None) is None:
            raise ObjectNotFoundError
        return {}

    def PutScalingPolicy(self, request: Request) -> Response:
        key = (*_identity(request), request["PolicyName"])
        arn = _arn("scalingPolicy", "/".join(key))
        self._policies[key] = {**request, "PolicyARN": arn}
        return {"PolicyARN": arn, "Alarms": []}

    def DescribeScalingPolicies(self, request: Request) -> Response:
        names = request.get("PolicyNames")
        found = [
            policy
            for policy in self._policies.values()
            if policy["ResourceId"] == request.get("ResourceId", policy["ResourceId"])
            and (not names or policy["PolicyName"] in names)
        ]
        return {"ScalingPolicies": found}

    def DeleteScalingPolicy(self, request: Request) -> Response:
        if self._policies.pop((*_identity(request), request["PolicyName"]), None) is None:
            raise ObjectNotFoundError
        return {}

    def ListTagsForResource(self, request: Request) -> Response:
        return {"Tags": self._tags.get(request["ResourceARN"], {})}

    def TagResource(self, request: Request) -> Response:
        self._tags.setdefault(request["ResourceARN"], {}).update(request["Tags"])
        return {}


def _identity(request: Request) -> tuple[str, ...]:
    return tuple(request[part] for part in IDENTITY)


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:application-autoscaling:us-east-1:000000000000:{kind}/{name}"


@contextmanager
def served() -> Iterator[str]:
    """Serves a new registry on a free port of 127.0.0.1; gives its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(Registry()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            action = self.headers["X-Amz-Target"].rpartition(".")[2]
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            method: Callable[[Request], Response] | None = getattr(registry, action, None)
            if method is None:
                self._answer(400, {"__type": "UnknownOperationException", "message": action})
                return
            try:
                self._answer(200, method(request))
            except ObjectNotFoundError:
                self._answer(400, {"__type": "ObjectNotFoundException", "message": action})

        def _answer(self, status: int, response: Response) -> None:
            body = json.dumps(response).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stays silent: stdout is the command's."""

    return Handler
