"""Whether a service may wait for capacity of Fargate Spot.

ECS starts its tasks once there is capacity again, and never on demand instead:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
"""

from typing import TYPE_CHECKING

from settings.fargate import SPOT

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef


def uses_spot(service: "ServiceTypeDef") -> bool:
    """Whether the service's tasks run on Fargate Spot."""
    return any(item["capacityProvider"] == SPOT for item in service.get("capacityProviderStrategy") or ())


def waits_for_spot(service: "ServiceTypeDef") -> bool:
    """Whether tasks of a service on Fargate Spot neither run nor start.

    There may be another reason, such as tasks that fail: ECS does not always record an event of missing capacity
    (https://repost.aws/knowledge-center/fargate-spot-termination-notice).
    """
    return uses_spot(service) and service["runningCount"] + service["pendingCount"] < service["desiredCount"]
