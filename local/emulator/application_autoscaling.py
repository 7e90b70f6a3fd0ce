"""Application Auto Scaling, which ministack 1.5 lacks: the actions that Terraform's AWS provider and ``ops`` call.

It stores scalable targets and policies, and scales nothing. Remove it when ministack has the service.

moto 5.2 can not replace it: its RegisterScalableTarget requires the ECS service to exist in moto itself
(ClusterNotFoundException), and it has no ListTagsForResource, which Terraform calls to read a scalable target.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ministack import app
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.core.router import SERVICE_PATTERNS

from local.emulator.ministack_gaps import Answer

Request = dict[str, Any]
Response = dict[str, Any]

SERVICE = "application-autoscaling"
TARGET_PREFIX = "AnyScaleFrontendService"
"""How the header ``X-Amz-Target`` starts; a dot and the action follow."""
IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class ObjectNotFoundError(Exception):
    """There is no such target or policy."""


class ApplicationAutoScaling:
    """The registered scalable targets and policies. Each method is an API action."""

    def __init__(self) -> None:
        self._targets: dict[tuple[str, ...], Request] = {}
        self._policies: dict[tuple[str, ...], Request] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def RegisterScalableTarget(self, request: Request) -> Response:
        key = _identity(request)
        arn = _arn("scalable-target", key)
        tags = request.pop("Tags", {})
        new = {"ScalableTargetARN": arn, "CreationTime": time.time()}
        self._targets[key] = {**self._targets.get(key, new), **request}
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
        arn = _arn("scalingPolicy", key)
        self._policies[key] = {**request, "PolicyARN": arn}
        return {"PolicyARN": arn, "Alarms": []}

    def DescribeScalingPolicies(self, request: Request) -> Response:
        names = request.get("PolicyNames")
        policies = [
            policy
            for policy in self._policies.values()
            if policy["ResourceId"] == request.get("ResourceId", policy["ResourceId"])
            and (not names or policy["PolicyName"] in names)
        ]
        return {"ScalingPolicies": policies}

    def DeleteScalingPolicy(self, request: Request) -> Response:
        if self._policies.pop((*_identity(request), request["PolicyName"]), None) is None:
            raise ObjectNotFoundError
        return {}

    def ListTagsForResource(self, request: Request) -> Response:
        return {"Tags": self._tags.get(request["ResourceARN"], {})}

    def TagResource(self, request: Request) -> Response:
        self._tags.setdefault(request["ResourceARN"], {}).update(request["Tags"])
        return {}

    def UntagResource(self, request: Request) -> Response:
        for key in request["TagKeys"]:
            self._tags.get(request["ResourceARN"], {}).pop(key, None)
        return {}


def _identity(request: Request) -> tuple[str, ...]:
    return tuple(request[name] for name in IDENTITY)


def _arn(kind: str, key: tuple[str, ...]) -> str:
    # AWS's model allows letters, digits and hyphens in the last part.
    return f"arn:aws:{SERVICE}:{get_region()}:{get_account_id()}:{kind}/{uuid5(NAMESPACE_URL, '/'.join(key))}"


def add_application_autoscaling() -> None:
    """Makes ministack answer requests for Application Auto Scaling, with nothing registered at first."""
    service = ApplicationAutoScaling()

    async def handle_request(
        _method: str, _path: str, headers: Mapping[str, str], body: bytes, _query: object
    ) -> Answer:
        action = headers["x-amz-target"].rpartition(".")[2]
        carry_out: Callable[[Request], Response] | None = getattr(service, action, None)
        answer: Answer
        if carry_out is None:
            answer = error_response_json("UnknownOperationException", action)
        else:
            try:
                answer = json_response(carry_out(json.loads(body)))
            except ObjectNotFoundError:
                answer = error_response_json("ObjectNotFoundException", action)
        return answer

    # Without its pattern, ministack would load botocore's models of all services to recognize this one (3 s).
    SERVICE_PATTERNS[SERVICE] = {"target_prefixes": [TARGET_PREFIX]}
    app.SERVICE_HANDLERS[SERVICE] = handle_request
