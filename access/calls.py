"""The calls that a role must be able to make, without what differs by environment.

A recorded check is of one environment: ``rds:CreateDBInstance`` on
``arn:aws:rds:us-east-1:000000000000:db:langfuse-dev-postgres``. The call that it becomes is of all:
``arn:<partition>:rds:<region>:<account>:db:<prefix>-postgres``. A resource without a name of the environment is known
by its tags ``Project`` and ``Environment``: those of the request that makes it, and its own afterwards.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from access.policies import Role, Values
from local.emulator.authorization.reference import reads, tags, takes_resource_tags

REQUEST_TAGS = (
    ("StringEquals", "aws:RequestTag/Environment", "<environment>"),
    ("StringEquals", "aws:RequestTag/Project", "<project>"),
)
RESOURCE_TAGS = tuple((operator, key.replace("Request", "Resource"), value) for operator, key, value in REQUEST_TAGS)
UNTAGGED = tuple(("Null", f"aws:ResourceTag/{key}", "true") for key in ("Environment", "Name", "Project"))
"""On what nobody has tagged: what is just made, and what EC2 makes along with a VPC."""
KEPT_KEYS = {
    "iam:PassedToService": "StringEquals",
    "iam:AWSServiceName": "StringEquals",
    "iam:PolicyARN": "ArnEquals",
    "kms:ViaService": "StringEquals",
    "kms:GrantIsForAWSResource": "Bool",
    "route53:ChangeResourceRecordSetsNormalizedRecordNames": "ForAllValues:StringLike",
}
"""The condition keys of a check that its call keeps, with their operators."""
UNCONDITIONAL = {"iam:DetachRolePolicy"}
"""Calls without conditions. What a role loses is often a policy that the settings do not name any more."""
BOUNDED = {
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
}
"""What could make a role an administrator. These calls are for roles with the permissions boundary only."""
IMAGES_OF_AMAZON = (("StringEquals", "ec2:Owner", "amazon"),)
ALSO_CHANGE = {"application-autoscaling:RegisterScalableTarget"}
"""Calls that change what is there already as well as they make it."""
WHOLE = ("boundary", "kms_key_arn", "policy_arn")
"""Placeholders that stand for whole ARNs."""
NAMES = ("boundary", "kms_key_arn", "hosted_zone_id", "vpc_id", "subnet_id", "state_bucket", "mail_domain", "domain")
"""Placeholders of what the settings name."""
NAMED = tuple(f"<{name}>" for name in NAMES)
OWN_NAMES = ("<prefix>", "<global_prefix>", "<name>")
NAMED_BY_AWS = ("role/aws-service-role/", ":og:default", "/managedruleset/")
"""Parts of ARNs of what an environment uses and does not own."""
GLOBAL_SERVICES = {"cloudfront", "iam", "route53", "s3", "sts"}
"""Services whose ARNs have no Region, and most of whose requests go to one, wherever the environment is."""
GENERATED = re.compile(
    r"(?<![A-Za-z0-9])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"
    r"|[0-9a-f]{8,40}|[0-9]{10,}|[CEZ][A-Z0-9]{9,32}|db-[A-Z0-9]{16,})(?![A-Za-z0-9])"
)
"""What AWS and Terraform generate: ids, and the ends of names."""
VERSION = re.compile(r"(?<=<prefix>-postgres-)[0-9]+$|(?<=<prefix>-redis-)(?:[a-z]+[0-9.]+$|[0-9]{3}(?=-|$))")
"""The version in the name of a parameter group, and the number of a node: settings change both."""

Condition = tuple[str, str, str]
"""Operator, key and value."""


class Call(NamedTuple):
    """An action on a resource, under conditions. Placeholders stand for what differs by environment."""

    action: str
    resource: str
    conditions: tuple[Condition, ...] = ()


Calls = Mapping[Role, frozenset[Call]]


def general_call(action: str, resource: str, context: Mapping[str, str | Sequence[str]], values: Values) -> Call:
    """The call that a recorded check is an example of.

    Args:
        action: such as ``rds:CreateDBInstance``.
        resource: its ARN, or ``*``.
        context: the condition keys of the request and their values, in lower case.
        values: what the placeholders stand for in the environment of the check.
    """
    on = general(resource, values)
    given = {
        key: [general(one, values) for one in ([value] if isinstance(value, str) else value)]
        for key, value in context.items()
    }
    kept = {} if action in UNCONDITIONAL else KEPT_KEYS
    conditions = [(operator, key, value) for key, operator in kept.items() for value in given.get(key.lower(), ())]
    # Where the key is absent, ForAllValues is true.
    conditions += [("Null", key, "false") for operator, key, _ in conditions if operator.startswith("ForAllValues")]
    if action in BOUNDED:
        conditions.append(("ArnEquals", "iam:PermissionsBoundary", "<boundary>"))
    if not is_named(on):
        conditions += _by_tags(action, on, given)
    if _has_no_region(on) and action.partition(":")[0] not in GLOBAL_SERVICES:
        conditions += [("StringEquals", "aws:RequestedRegion", region) for region in given["aws:requestedregion"]]
    return Call(action, on, tuple(sorted(set(conditions))))


def is_named(resource: str) -> bool:
    """Whether the ARN tells which resource it is: one of the environment, or one that AWS or the settings name."""
    return any(part in resource for part in (*OWN_NAMES, *NAMED_BY_AWS, *NAMED))


def _has_no_region(resource: str) -> bool:
    return resource == "*" or resource.split(":")[3:4] == [""]


def _by_tags(action: str, resource: str, given: Mapping[str, Sequence[str]]) -> Iterable[Condition]:
    def has(tags: Iterable[Condition]) -> bool:
        return all(value in given.get(key.lower(), ()) for _, key, value in tags)

    if reads(action):
        # Such as an instance's user data, a key's policy, or the headers that a distribution sends to its origin.
        return RESOURCE_TAGS if has(RESOURCE_TAGS) and action.startswith(("cloudfront:", "ec2:", "kms:")) else ()
    if has(RESOURCE_TAGS):
        return RESOURCE_TAGS
    if resource.endswith(":image/*"):
        return IMAGES_OF_AMAZON
    if created_by := given.get("ec2:createaction"):
        return (*REQUEST_TAGS, *(("StringEquals", "ec2:CreateAction", by) for by in created_by))
    if has(REQUEST_TAGS):
        # Never by the request's tags alone where they go to any resource: who gives them may then do anything with it.
        return (*REQUEST_TAGS, *UNTAGGED) if tags(action) or action in ALSO_CHANGE else REQUEST_TAGS
    return UNTAGGED if takes_resource_tags(action, resource) else ()


def general(text: str, values: Values) -> str:
    """The text with placeholders for an environment's values, and ``*`` for what is generated."""
    for name in WHOLE:
        if text in values[name]:
            return f"<{name}>"
    if not text.startswith("arn:"):
        return _general_name(text, values)
    _, partition, service, region, account, name = text.split(":", 5)
    # AWS WAF has in one Region what CloudFront uses.
    in_region = region if name.startswith("global/") else _placeholder("region", region, values)
    parts = [
        _placeholder("partition", partition, values),
        service,
        in_region,
        _placeholder("account", account, values),
    ]
    name = _general_name(name, values)
    # An account has these names once for all its Regions.
    if service in ("cloudfront", "iam") or name.startswith(("dashboard/", "global/")):
        name = name.replace("<prefix>", "<global_prefix>")
    if service == "iam":
        # The policies of these roles themselves, by what they are for.
        name = re.sub("(policy/<global_prefix>-(?:plan|deploy)-).*", r"\1*", name)
    if service == "secretsmanager":
        # The name, a dash and six characters.
        name = re.sub("<prefix>/.*", "<prefix>/*", name)
    if service == "ecs":
        name = re.sub("(?<=:)[0-9]+$", "*", name)
    if service == "elasticloadbalancing":
        name = re.sub("((?:/app|targetgroup)/[^/]+/).*", r"\1*", name)
    name = VERSION.sub("*", GENERATED.sub("*", name))
    if service == "ec2":
        name = re.sub("/[a-z]+-[*]$", "/*", name)
    if service == "s3" and "<state_bucket>" not in name:
        # The provider ends a name with 26 digits. With * in their place, dev-events' bucket would be dev's too.
        name = re.sub(r"(-events|-access-logs)-[*]", rf"\1-{'?' * 26}", re.sub("/.*", "/*", name))
    return ":".join(["arn", *parts, name])


def _general_name(text: str, values: Values) -> str:
    for name in ("project", "environment", "region"):
        if text in values[name]:
            return f"<{name}>"
    # The longest first: the domain of mails may be a part of Langfuse's.
    known = [(value, placeholder) for placeholder in (*NAMES, "prefix") for value in values[placeholder]]
    for value, placeholder in sorted(known, key=lambda one: -len(one[0])):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", f"<{placeholder}>", text)
    for name in values["name"]:
        # In the keys of states and in the names of log groups.
        text = text.replace(f"langfuse/{name}/", "langfuse/<name>/")
    for region in values["region"]:
        text = text.replace(f".{region}.", ".<region>.")
    # The first label of the record that verifies a domain: any other, such as _acme-challenge, is somebody else's.
    return re.sub(r"^(_?)[0-9a-z]{32}(?=\.)", rf"\1{'?' * 32}", text)


def _placeholder(name: str, value: str, values: Values) -> str:
    return f"<{name}>" if value in values[name] else value
