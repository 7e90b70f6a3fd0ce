"""What a plan opens to the network, and what it allows to do more: the changes that a reviewer must not overlook."""

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_network
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ops.review.plan_format import Change
from ops.review.text import code, joined, word

WORD_BY_TYPE = {"aws_vpc_security_group_ingress_rule": "from", "aws_vpc_security_group_egress_rule": "to"}
SOURCES = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
RULE = (*SOURCES, "ip_protocol", "from_port", "to_port")
POLICIES = ("policy", "assume_role_policy", "inline_policy", "access_policy")
LATER = "known after the apply"
SENSITIVE = "(sensitive)"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


Words = Annotated[list[str], BeforeValidator(_as_list)]


class Statement(BaseModel):
    """A statement of a policy document.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """

    model_config = ConfigDict(strict=True, frozen=True)

    Effect: Literal["Allow", "Deny"]
    Action: Words = []
    NotAction: Words = []
    Resource: Words = []
    NotResource: Words = []
    Principal: dict[str, Words] | str = ""
    NotPrincipal: dict[str, Words] | str = ""
    Condition: dict[str, Any] = {}


class Document(BaseModel):
    """A policy document. One without statements is of another language, such as a lifecycle policy of ECR."""

    model_config = ConfigDict(strict=True, frozen=True)

    statements: Annotated[list[Statement], BeforeValidator(_as_list)] = Field([], alias="Statement")


def openings(change: Change) -> Iterator[str]:
    """A line for each security group rule that the change adds or alters, unless it is for a part of the addresses."""
    before, after, unknown = change.before, change.after, change.unknown
    if change.type in WORD_BY_TYPE and after:
        changed = {key for key in RULE if before.get(key) != after.get(key) or unknown.get(key)}
        if not all(_is_within(after.get(key), before.get(key)) for key in changed):
            shown = {
                key: SENSITIVE if change.hides(key) and after.get(key) is not None else after.get(key) for key in RULE
            }
            yield f"- {code(change.address)}: {_rule(shown, unknown, WORD_BY_TYPE[change.type])}"


def _is_within(block: object, other: object) -> bool:
    """Whether a CIDR block has no address that the other one lacks."""
    try:
        inner, outer = ip_network(str(block)), ip_network(str(other))
    except ValueError:
        return False
    return inner.version == outer.version and outer.supernet_of(inner)  # type: ignore[arg-type]


def _rule(after: Mapping[str, Any], unknown: Mapping[str, Any], direction: str) -> str:
    source = next((word(after[key]) for key in SOURCES if after.get(key)), None)
    source = source or next((f"{_words(key)} {LATER}" for key in SOURCES if unknown.get(key)), LATER)
    return f"{_ports(after)} {direction} {source}"


def _words(argument: str) -> str:
    return argument.removesuffix("_id").replace("_", " ")


def _ports(rule: Mapping[str, Any]) -> str:
    if rule.get("ip_protocol") in ("-1", None):
        return "everything"
    low, high = word(rule.get("from_port")), word(rule.get("to_port"))
    return f"{word(rule['ip_protocol'])} {low}" + ("" if low == high else f"-{high}")


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
        who = f" by {word(self.principal)}" if self.principal else ""
        where = f" on {code(self.resource)}" if self.resource else ""
        return f"{code(self.action)}{where}{who}" + (" under a condition" if self.condition else "")


def widenings(change: Change) -> Iterator[str]:
    """A line for each grant that a policy or a role has after the change and did not have before."""
    before, after, unknown = change.before, change.after, change.unknown
    address = code(change.address)
    if change.type.startswith("aws_iam_") and change.type.endswith("_attachment") and after and before != after:
        attached = SENSITIVE if change.hides("policy_arn") else after.get("policy_arn") or LATER
        yield f"- {address}: attaches {code(attached)}"
    for argument in POLICIES:
        if unknown.get(argument):
            yield f"- {address}: its `{argument}` is {LATER}"
        elif change.hides(argument):
            if after.get(argument) and before.get(argument) != after[argument]:
                yield f"- {address}: its `{argument}` changes, and is sensitive"
        elif isinstance(after.get(argument), str) and before.get(argument) != after[argument]:
            try:
                now = statements(after[argument])
            except ValueError:
                yield f"- {address}: its `{argument}` is not a policy document"
            else:
                yield from (f"- {address}: {line}" for line in _grown(_readable(before.get(argument)), now))


def only_allows_more(change: Change) -> bool:
    """Whether the change of a policy takes nothing away, and denies nothing that was not denied."""
    if (
        change.type not in ("aws_iam_role_policy", "aws_iam_policy")
        or change.kind not in ("add", "change")
        or change.unknown.get("policy")
    ):
        return False
    others = {key for key in change.before.keys() | change.after.keys() if key != "policy"}
    if change.before and any(change.before.get(key) != change.after.get(key) for key in others):
        return False
    was, now = (_readable(values.get("policy")) for values in (change.before, change.after))
    return not list(_grown(now, was))


def _grown(was: Sequence[Statement], now: Sequence[Statement]) -> Iterator[str]:
    had = [grant for statement in was for grant in grants(statement)]
    for statement in now:
        for grant in grants(statement):
            if not any(earlier.covers(grant) for earlier in had):
                yield f"allows {grant}"
        inverted = sorted(statement.model_fields_set & {"NotAction", "NotResource", "NotPrincipal"})
        if inverted and statement.Effect == "Allow" and statement not in was:
            yield f"allows all but some ({joined(inverted)})"
    for statement in was:
        if statement.Effect == "Deny" and statement not in now:
            yield f"no longer denies {joined(code(action) for action in statement.Action)}"


def _readable(policy: object) -> list[Statement]:
    """The statements that were there; none if they can't be read, so that all of the new ones count."""
    try:
        return statements(policy if isinstance(policy, str) else "{}")
    except ValueError:
        return []


def statements(policy: str) -> list[Statement]:
    """The statements of a policy document.

    Raises:
        ValueError: if the text is none.
    """
    return Document.model_validate(json.loads(policy or "{}")).statements


def grants(statement: Statement) -> Iterator[Grant]:
    """What the statement allows by Action and Resource; not what it allows by NotAction and its like."""
    if statement.Effect != "Allow":
        return
    condition = json.dumps(statement.Condition, sort_keys=True) if statement.Condition else ""
    for principal in _principals(statement.Principal):
        for action in statement.Action:
            for resource in statement.Resource or [""]:
                yield Grant(principal, action, resource, condition)


def _principals(principal: Mapping[str, Sequence[str]] | str) -> list[str]:
    return [principal] if isinstance(principal, str) else [name for names in principal.values() for name in names]
