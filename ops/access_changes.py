"""What a plan opens to the network, and what it allows to do more: the changes that a reviewer must not overlook."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ops.terraform_plan import Change

WORD_BY_TYPE = {"aws_vpc_security_group_ingress_rule": "from", "aws_vpc_security_group_egress_rule": "to"}
SOURCES = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
RULE = (*SOURCES, "ip_protocol", "from_port", "to_port")
POLICIES = ("policy", "assume_role_policy", "inline_policy", "access_policy")
LATER = "known after the apply"


def openings(change: Change) -> Iterator[str]:
    """A line for each security group rule that the change adds or alters."""
    before, after = change.record["before"] or {}, change.record["after"] or {}
    unknown = change.record.get("after_unknown") or {}
    if (
        change.type in WORD_BY_TYPE
        and after
        and any(before.get(key) != after.get(key) or unknown.get(key) for key in RULE)
    ):
        yield f"- `{change.address}`: {_rule(after, unknown, WORD_BY_TYPE[change.type])}"


def _rule(after: Mapping[str, Any], unknown: Mapping[str, Any], word: str) -> str:
    source = next((after[key] for key in SOURCES if after.get(key)), None)
    source = source or next((f"{_words(key)} {LATER}" for key in SOURCES if unknown.get(key)), LATER)
    return f"{_ports(after)} {word} {source}"


def _words(argument: str) -> str:
    return argument.removesuffix("_id").replace("_", " ")


def _ports(rule: Mapping[str, Any]) -> str:
    low, high, protocol = rule.get("from_port"), rule.get("to_port"), rule.get("ip_protocol")
    if protocol in ("-1", None):
        return "everything"
    return f"{protocol} {low}" if low == high else f"{protocol} {low}-{high}"


class Grant(NamedTuple):
    """An action on a resource that a policy allows. ``condition`` is empty if there is none."""

    principal: str
    action: str
    resource: str
    condition: str

    def covers(self, other: "Grant") -> bool:
        """Whether this grant includes the other."""
        return (
            self.principal in ("*", other.principal)
            and fnmatchcase(other.action.lower(), self.action.lower())
            and fnmatchcase(other.resource, self.resource)
            and self.condition in ("", other.condition)
        )

    def __str__(self) -> str:
        who = f" by {self.principal}" if self.principal else ""
        where = f" on `{self.resource}`" if self.resource else ""
        return f"`{self.action}`{where}{who}" + (" under a condition" if self.condition else "")


def widenings(change: Change) -> Iterator[str]:
    """A line for each grant that a policy or a role has after the change and did not have before."""
    before, after = change.record["before"] or {}, change.record["after"] or {}
    unknown = change.record.get("after_unknown") or {}
    if change.type.startswith("aws_iam_") and change.type.endswith("_attachment") and after and before != after:
        yield f"- `{change.address}`: attaches `{after.get('policy_arn') or LATER}`"
    for argument in POLICIES:
        if unknown.get(argument):
            yield f"- `{change.address}`: its `{argument}` is {LATER}"
        elif isinstance(after.get(argument), str) and before.get(argument) != after[argument]:
            yield from _grown(change.address, before.get(argument), after[argument])


def _grown(address: str, before: str | None, after: str) -> Iterator[str]:
    was, now = statements(before), statements(after)
    had = [grant for statement in was for grant in grants(statement)]
    for statement in now:
        for grant in grants(statement):
            if not any(earlier.covers(grant) for earlier in had):
                yield f"- `{address}`: allows {grant}"
        inverted = {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()
        if inverted and statement["Effect"] == "Allow" and statement not in was:
            yield f"- `{address}`: allows all but some ({', '.join(sorted(inverted))})"
    for statement in was:
        if statement["Effect"] == "Deny" and statement not in now:
            actions = ", ".join(f"`{action}`" for action in _list(statement.get("Action")))
            yield f"- `{address}`: no longer denies {actions}"


def statements(policy: str | None) -> list[Mapping[str, Any]]:
    """The statements of a policy document; none if the text is not a policy document."""
    try:
        document = json.loads(policy or "{}")
    except ValueError:
        return []
    return _list(document.get("Statement", []))


def grants(statement: Mapping[str, Any]) -> Iterator[Grant]:
    """What the statement allows by Action and Resource; not what it allows by NotAction and its like."""
    if statement["Effect"] != "Allow":
        return
    condition = json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else ""
    for principal in _principals(statement.get("Principal")):
        for action in _list(statement.get("Action", [])):
            for resource in _list(statement.get("Resource", "")):
                yield Grant(principal, action, resource, condition)


def _principals(principal: object) -> list[str]:
    if isinstance(principal, dict):
        return [name for names in principal.values() for name in _list(names)]
    return [str(principal or "")]


def _list(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]
