"""Turns the calls that a role must be able to make into its policies: statements, grouped by what they are for."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from access.calls import REQUEST_TAGS, RESOURCE_TAGS, UNTAGGED, Call, Condition
from access.calls_file import as_condition
from access.policies import Role, template_file
from local.emulator.authorization.reference import reads

PURPOSES: Mapping[str, tuple[str, ...]] = {
    "network-and-logs": ("ec2", "logs"),
    "data": ("rds", "elasticache", "s3", "secretsmanager", "ssm"),
    "keys-and-backups": ("backup", "backup-storage", "kms"),
    "services": ("ecs", "application-autoscaling", "elasticloadbalancing"),
    "edge": ("cloudfront", "wafv2"),
    "names": ("acm", "route53", "ses"),
    "alarms": ("cloudwatch", "sns"),
    "roles": ("iam", "sts"),
}
"""The services of AWS that a policy is about, by the policy's name."""
STATE_AND_LISTS = "state-and-lists"
"""The name of the policy about the states, and with the reads that AWS limits to no resource."""
CREATION = "network-creation"
"""The name of the policy that makes what policies know by its tags in EC2."""
RECORD_NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
MERGED = {"ec2:CreateAction", "iam:AWSServiceName", "iam:PolicyARN", "kms:ViaService", RECORD_NAMES}
"""Condition keys whose values one statement has together."""
WORDS = {REQUEST_TAGS: "New", UNTAGGED: "Untagged", RESOURCE_TAGS: "Own"}
WORDS_OF_KEYS = {"iam:PermissionsBoundary": "Bounded", "kms:ViaService": "Through"}
"""What a statement's Sid says of its conditions, by all tags or by a key."""
PASSED_TO = "iam:PassedToService"


class Group(NamedTuple):
    """What the calls of a statement have in common."""

    purpose: str
    service: str
    changes: bool
    conditions: tuple[Condition, ...]
    only: str
    """The action or the resource that it is limited to, if it is."""


def statements(calls: Iterable[Call]) -> dict[str, list[dict[str, Any]]]:
    """The statements that allow the calls, by purpose.

    Calls of one service are in one statement if they have the same conditions, and all read or all change something.
    AWS looks at an action together with resources of its own types only, so that little is allowed beyond the calls.
    """
    groups: dict[Group, list[Call]] = defaultdict(list)
    for call in calls:
        groups[_group(call)].append(call)
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for group, grouped in sorted(_without_needless(groups).items()):
        documents[group.purpose].append(_statement(grouped))
    return {purpose: list(_with_unique_ids(documents[purpose])) for purpose in sorted(documents)}


def _group(call: Call) -> Group:
    service = call.action.partition(":")[0]
    conditions = {(operator, key, "" if key in MERGED else value) for operator, key, value in call.conditions}
    changes = not reads(call.action)
    if "<state_bucket>" in call.resource:
        # Each action has its own resources: locks are deleted, states are not.
        return Group(STATE_AND_LISTS, service, changes, tuple(sorted(conditions)), call.action)
    if call.resource == "*" and not changes:
        return Group(STATE_AND_LISTS, "", changes, tuple(sorted(conditions)), "")
    if service == "ec2" and set(REQUEST_TAGS) <= set(call.conditions):
        # One statement for each type that is made. With all in one, the request's tags would also allow the action on
        # what it names beside: CreateSubnet in a VPC of others, for example.
        only = "" if call.action == "ec2:CreateTags" else call.resource
        return Group(CREATION, service, changes, tuple(sorted(conditions)), only)
    purpose = next(name for name, services in PURPOSES.items() if service in services)
    # Each hosted zone has its own records.
    only = call.resource if any(key == RECORD_NAMES for _, key, _ in call.conditions) else ""
    return Group(purpose, service, changes, tuple(sorted(conditions)), only)


def _without_needless(groups: Mapping[Group, list[Call]]) -> dict[Group, list[Call]]:
    """The groups, with reads in the group of changes that is about the same resources, if there is one."""
    merged = dict(groups)
    for group, calls in groups.items():
        changing = group._replace(changes=True)
        if group.changes:
            continue
        if {call.resource for call in calls} <= {call.resource for call in groups.get(changing, ())}:
            merged[changing] = [*groups[changing], *merged.pop(group)]
    return merged


def _statement(calls: Collection[Call]) -> dict[str, Any]:
    conditions = {condition for call in calls for condition in call.conditions}
    condition = as_condition(conditions)
    return {
        "Sid": _id(conditions, calls),
        "Effect": "Allow",
        "Action": sorted({call.action for call in calls}),
        "Resource": sorted({call.resource for call in calls}),
        **({"Condition": condition} if condition else {}),
    }


def _id(conditions: set[Condition], calls: Collection[Call]) -> str:
    """Says what the statement is about: its action or its service, and the conditions."""
    (action, *others) = sorted({call.action for call in calls})
    service, _, name = action.partition(":")
    services = {call.action.partition(":")[0] for call in calls}
    words = [word for key, word in WORDS_OF_KEYS.items() if key in {key for _, key, _ in conditions}]
    words += [word for tags, word in WORDS.items() if set(tags) <= conditions]
    words += [f"To-{value.partition('.')[0]}" for _, key, value in conditions if key == PASSED_TO]
    if others:
        # A statement with several actions is about a service, or about the lists of all.
        name = "" if words else "Read" if all(reads(call.action) for call in calls) else "Manage"
    parts = [service if len(services) == 1 else "", name, *words]
    return "".join(part[:1].upper() + part[1:] for text in parts for part in text.split("-"))


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
