"""Turns the calls that a role must be able to make into its policies: statements, grouped by what they are for."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from access.calls import REQUEST_TAGS, RESOURCE_TAGS, UNTAGGED, Call, Condition, as_condition
from access.policies import Role, template_file
from access.reference import reads

PURPOSES: Mapping[str, tuple[str, ...]] = {
    "network": ("ec2",),
    "databases": ("rds", "elasticache"),
    "storage": ("s3", "backup", "backup-storage", "kms", "secretsmanager", "ssm"),
    "services": ("ecs", "application-autoscaling", "elasticloadbalancing"),
    "edge": ("acm", "cloudfront", "route53", "ses", "wafv2", "wafv2-regional"),
    "monitoring": ("cloudwatch", "logs", "sns"),
    "roles": ("iam", "sts"),
}
"""The services of AWS that a policy is about, by the policy's name. The state has one of its own."""
STATE = "state"
MERGED = {"ec2:CreateAction"}
"""Condition keys whose values one statement has together."""


def statements(calls: Iterable[Call]) -> dict[str, list[dict[str, Any]]]:
    """The statements that allow the calls, by purpose.

    Calls of one service are in one statement if they have the same conditions, and all read or all change something.
    AWS looks at an action together with resources of its own types only, so that little is allowed beyond the calls.
    """
    groups: dict[tuple[str, str, bool, frozenset[Condition]], list[Call]] = defaultdict(list)
    for call in calls:
        service = call.action.partition(":")[0]
        same = frozenset((operator, key, "" if key in MERGED else value) for operator, key, value in call.conditions)
        groups[purpose(call), service, not reads(call.action), same].append(call)
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (name, service, changes, _), grouped in sorted(groups.items(), key=_readable_order):
        documents[name].append(_statement(service, changes, grouped))
    return {name: list(_with_unique_ids(documents[name])) for name in sorted(documents)}


def purpose(call: Call) -> str:
    """The name of the policy that the call belongs to."""
    if "<state_bucket>" in call.resource:
        return STATE
    service = call.action.partition(":")[0]
    return next(name for name, services in PURPOSES.items() if service in services)


def _readable_order(group: tuple[tuple[str, str, bool, frozenset[Condition]], list[Call]]) -> tuple[object, ...]:
    (name, service, changes, conditions), _ = group
    return name, service, changes, sorted(conditions)


def _statement(service: str, changes: bool, calls: Iterable[Call]) -> dict[str, Any]:
    condition = as_condition({condition for call in calls for condition in call.conditions})
    return {
        "Sid": _id(service, changes, {condition for call in calls for condition in call.conditions}),
        "Effect": "Allow",
        "Action": sorted({call.action for call in calls}),
        "Resource": sorted({call.resource for call in calls}),
        **({"Condition": condition} if condition else {}),
    }


def _id(service: str, changes: bool, conditions: set[Condition]) -> str:
    words = {
        UNTAGGED: "Untagged",
        REQUEST_TAGS: "Create",
        RESOURCE_TAGS: "Change",
    }
    how = next((word for tags, word in words.items() if set(tags) <= conditions), "Manage" if changes else "Read")
    return "".join(part.capitalize() for part in service.split("-")) + how


def _with_unique_ids(statements_: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = defaultdict(int)
    for statement in statements_:
        id_ = statement["Sid"]
        seen[id_] += 1
        yield {**statement, "Sid": id_ if seen[id_] == 1 else f"{id_}{seen[id_]}"}


def write_policies(role: Role, calls: Iterable[Call]) -> None:
    """Writes the policies of a role, with placeholders."""
    template_file(role).write_text(as_text(statements(calls)))


def as_text(documents: Mapping[str, Any]) -> str:
    """The content of a role's file."""
    return json.dumps(documents, indent=2) + "\n"
