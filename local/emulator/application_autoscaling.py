"""Application Auto Scaling, which ministack 1.5 lacks: the actions that Terraform's AWS provider and ``ops`` call.

It stores scalable targets and policies, and scales nothing. Remove it when ministack has the service.

moto 5.2 can not replace it: its RegisterScalableTarget requires the ECS service to exist in moto itself
(ClusterNotFoundException), and it has no ListTagsForResource, which Terraform calls to read a scalable target.
"""

import time
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

from local.emulator.json_service import Request, Response, ServiceError, add_json_service
from local.emulator.ministack_gaps import Answer, Handler, wraps

SERVICE = "application-autoscaling"
IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class ApplicationAutoScaling:
    """The registered scalable targets and policies. Each method is an API action."""

    def __init__(self) -> None:
        self.targets: dict[tuple[str, ...], Request] = {}
        self.policies: dict[tuple[str, ...], Request] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def RegisterScalableTarget(self, request: Request) -> Response:
        key = identity(request)
        arn = _arn("scalable-target", key)
        tags = request.pop("Tags", {})
        new = {"ScalableTargetARN": arn, "CreationTime": time.time()}
        self.targets[key] = {**self.targets.get(key, new), **request}
        self._tags.setdefault(arn, {}).update(tags)
        return {"ScalableTargetARN": arn}

    def DescribeScalableTargets(self, request: Request) -> Response:
        ids = request.get("ResourceIds")
        return {"ScalableTargets": [t for t in self.targets.values() if not ids or t["ResourceId"] in ids]}

    def DeregisterScalableTarget(self, request: Request) -> Response:
        key = identity(request)
        if self.targets.pop(key, None) is None:
            raise ServiceError("ObjectNotFoundException", "There is no such target or policy.")
        self._forget(request["ResourceId"])
        return {}

    def _forget(self, resource_id: str) -> None:
        """Deletes what is registered for a resource: the target's policies go with it."""
        for registered in (self.targets, self.policies):
            for key in [key for key, one in registered.items() if one["ResourceId"] == resource_id]:
                del registered[key]

    def PutScalingPolicy(self, request: Request) -> Response:
        key = (*identity(request), request["PolicyName"])
        arn = _arn("scalingPolicy", key)
        self.policies[key] = {**request, "PolicyARN": arn}
        return {"PolicyARN": arn, "Alarms": []}

    def DescribeScalingPolicies(self, request: Request) -> Response:
        names = request.get("PolicyNames")
        policies = [
            policy
            for policy in self.policies.values()
            if policy["ResourceId"] == request.get("ResourceId", policy["ResourceId"])
            and (not names or policy["PolicyName"] in names)
        ]
        return {"ScalingPolicies": policies}

    def DeleteScalingPolicy(self, request: Request) -> Response:
        if self.policies.pop((*identity(request), request["PolicyName"]), None) is None:
            raise ServiceError("ObjectNotFoundException", "There is no such target or policy.")
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


REGISTERED = ApplicationAutoScaling()


@wraps(ecs, "DeleteService")
def deleted_with_its_scaling(delete: Handler, data: Mapping[str, Any]) -> Answer:
    """The scalable target and the policies of a service go with it (hashicorp/terraform-provider-aws#14254)."""
    answer = delete(data)
    if answer[0] == 200:
        cluster, name = (str(data[key]).rpartition("/")[2] for key in ("cluster", "service"))
        REGISTERED._forget(f"service/{cluster}/{name}")
    return answer


def identity(request: Request) -> tuple[str, ...]:
    """What identifies a scalable target."""
    return tuple(request[name] for name in IDENTITY)


def _arn(kind: str, key: tuple[str, ...]) -> str:
    # AWS's model allows letters, digits and hyphens in the last part.
    return f"arn:aws:{SERVICE}:{get_region()}:{get_account_id()}:{kind}/{uuid5(NAMESPACE_URL, '/'.join(key))}"


def add_application_autoscaling() -> None:
    """Makes ministack answer requests for Application Auto Scaling, with nothing registered at first."""
    actions = {name: getattr(REGISTERED, name) for name in vars(ApplicationAutoScaling) if not name.startswith("_")}
    add_json_service(SERVICE, "AnyScaleFrontendService", actions)
