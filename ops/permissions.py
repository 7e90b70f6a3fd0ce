"""What a change lets reach or do more than before: the lines of a plan that a reviewer must not overlook."""

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
    """A line for each way into or out of the network that the change opens."""
    before, after = change.record["before"] or {}, change.record["after"] or {}
    unknown = change.record.get("after_unknown") or {}
    if (
        change.type in WORD_BY_TYPE
        and after
        and any(before.get(key) != after.get(key) or unknown.get(key) for key in RULE)
    ):
        yield f"- `{change.address}`: {_rule(after, unknown, WORD_BY_TYPE[change.type])}"
    elif change.type == "aws_security_group_rule" and after and before != after:
        yield f"- `{change.address}`: {_old_rule(after)}"
    elif change.type in ("aws_security_group", "aws_default_security_group"):
        for direction in ("ingress", "egress"):
            was = [_key(rule) for rule in before.get(direction) or ()]
            for rule in after.get(direction) or ():
                if _key(rule) not in was:
                    yield f"- `{change.address}`: {_old_rule({'type': direction, **rule})}"


def _key(rule: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in rule.items() if name != "description"}, sort_keys=True)


def _rule(after: Mapping[str, Any], unknown: Mapping[str, Any], word: str) -> str:
    source = next((after[key] for key in SOURCES if after.get(key)), None)
    source = source or next((f"{_words(key)} {LATER}" for key in SOURCES if unknown.get(key)), LATER)
    return f"{_ports(after, after.get('ip_protocol'))} {word} {source}"


def _words(argument: str) -> str:
    return argument.removesuffix("_id").replace("_", " ")


def _old_rule(rule: Mapping[str, Any]) -> str:
    sources = [*(rule.get("cidr_blocks") or ()), *(rule.get("ipv6_cidr_blocks") or ())]
    sources += [*(rule.get("security_groups") or ()), *(["itself"] if rule.get("self") else [])]
    sources += [rule["source_security_group_id"]] if rule.get("source_security_group_id") else []
    word = "from" if rule["type"] == "ingress" else "to"
    return f"{_ports(rule, rule.get('protocol'))} {word} {', '.join(sources) or LATER}"


def _ports(rule: Mapping[str, Any], protocol: object) -> str:
    low, high = rule.get("from_port"), rule.get("to_port")
    if protocol in ("-1", None):
        return "everything"
    return f"{protocol} {low}" if low == high else f"{protocol} {low}-{high}"


class Grant(NamedTuple):
    """One thing that a policy allows. An empty condition is none."""

    principal: str
    action: str
    resource: str
    condition: str

    def covers(self, other: "Grant") -> bool:
        """Whether who has this has the other as well."""
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
    """A line for each thing that a policy or a role allows after the change and did not before."""
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
            if not any(one.covers(grant) for one in had):
                yield f"- `{address}`: allows {grant}"
        inverted = {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()
        if inverted and statement["Effect"] == "Allow" and statement not in was:
            yield f"- `{address}`: allows all but some ({', '.join(sorted(inverted))})"
    for statement in was:
        if statement["Effect"] == "Deny" and statement not in now:
            yield f"- `{address}`: no longer denies {', '.join(f'`{one}`' for one in _list(statement.get('Action')))}"


def statements(policy: str | None) -> list[Mapping[str, Any]]:
    """Those of a policy document; none of a text that is none."""
    try:
        document = json.loads(policy or "{}")
    except ValueError:
        return []
    return _list(document.get("Statement", []))


def grants(statement: Mapping[str, Any], effect: str = "Allow") -> Iterator[Grant]:
    """What the statement allows, or what it denies; nothing of one that names what it leaves out."""
    if statement["Effect"] != effect:
        return
    condition = json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else ""
    for principal in _principals(statement.get("Principal")):
        for action in _list(statement.get("Action", [])):
            for resource in _list(statement.get("Resource", "")):
                yield Grant(principal, action, resource, condition)


def _principals(principal: object) -> list[str]:
    if isinstance(principal, dict):
        return [one for value in principal.values() for one in _list(value)]
    return [str(principal or "")]


def _list(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]
