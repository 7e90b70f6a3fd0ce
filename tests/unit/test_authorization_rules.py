"""The evaluation of policies keeps AWS's rules, whatever the policies."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings as hypothesis_settings, strategies as st
from ministack.core.iam_evaluator import PrincipalInfo, parse_policy_document

from local.emulator.authorization.checks import Check
from local.emulator.authorization.enforcement import evaluate

Statement = dict[str, Any]

ACTIONS = ["ec2:CreateVpc", "ec2:DeleteVpc", "logs:CreateLogGroup"]
RESOURCES = ["*", "arn:aws:ec2:us-east-1:000000000000:vpc/*", "arn:aws:ec2:us-east-1:000000000000:vpc/vpc-1"]
ACTION_PATTERNS = ["*", "ec2:*", "EC2:createvpc", "ec2:Create???", "logs:*", "*:Delete*", "ec2:DeleteVpc"]
RESOURCE_PATTERNS = ["*", "arn:aws:ec2:*:*:vpc/*", "arn:aws:ec2:*:*:vpc/vpc-?", "arn:aws:logs:*"]
KEYS = ["aws:RequestTag/Environment", "aws:ResourceTag/Environment"]
VALUES = ["dev", "prod", "*"]

conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"]),
    st.dictionaries(st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1), min_size=1),
    max_size=2,
)
statements = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect,
        **action,
        **resource,
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Deny"]),
    st.builds(
        lambda name, patterns: {name: patterns},
        st.sampled_from(["Action", "NotAction"]),
        st.lists(st.sampled_from(ACTION_PATTERNS), min_size=1),
    ),
    st.builds(
        lambda name, patterns: {name: patterns},
        st.sampled_from(["Resource", "NotResource"]),
        st.lists(st.sampled_from(RESOURCE_PATTERNS), min_size=1),
    ),
    conditions,
)
policies = st.lists(statements, max_size=4)
checks = st.builds(
    Check,
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.dictionaries(st.sampled_from([key.lower() for key in KEYS]), st.sampled_from(VALUES)),
)


def allowed(check: Check, policy: Sequence[Statement], boundary: Sequence[Statement] | None = None) -> bool:
    return decision(check, policy, boundary) == "Allow"


def decision(check: Check, policy: Sequence[Statement], boundary: Sequence[Statement] | None = None) -> str:
    principal = PrincipalInfo(
        arn="arn:aws:sts::000000000000:assumed-role/role/session",
        type="AssumedRole",
        account="000000000000",
        policies=[_parsed(policy)],
        limits=[] if boundary is None else [[_parsed(boundary)]],
    )
    return str(evaluate(check, principal, "us-east-1").decision)


def _parsed(policy: Sequence[Statement]) -> list[Any]:
    return list(parse_policy_document(json.dumps({"Statement": policy})))


def _as(effect: str, statement: Statement) -> Statement:
    return {**statement, "Effect": effect}


@hypothesis_settings(deadline=None)
@given(checks, policies)
def test_nothing_is_allowed_without_an_allow(check: Check, policy: list[Statement]) -> None:
    assert not allowed(check, [_as("Deny", statement) for statement in policy])
    assert not allowed(check, [])


@hypothesis_settings(deadline=None)
@given(checks, policies, policies)
def test_a_deny_wins_over_every_allow(check: Check, policy: list[Statement], denies: list[Statement]) -> None:
    matches = any(allowed(check, [_as("Allow", statement)]) for statement in denies)
    if matches:
        assert decision(check, [*policy, *(_as("Deny", one) for one in denies)]) == "Deny"
        assert decision(check, [*(_as("Deny", one) for one in denies), *policy]) == "Deny"


@hypothesis_settings(deadline=None)
@given(checks, policies, statements)
def test_a_further_deny_never_allows_more(check: Check, policy: list[Statement], statement: Statement) -> None:
    assert allowed(check, policy) or not allowed(check, [*policy, _as("Deny", statement)])


@hypothesis_settings(deadline=None)
@given(checks, policies, statements)
def test_a_further_allow_never_takes_away(check: Check, policy: list[Statement], statement: Statement) -> None:
    assert not allowed(check, policy) or allowed(check, [*policy, _as("Allow", statement)])


@hypothesis_settings(deadline=None)
@given(checks, policies, policies)
def test_a_boundary_only_takes_away(check: Check, policy: list[Statement], boundary: list[Statement]) -> None:
    assert allowed(check, policy, boundary) == (allowed(check, policy) and allowed(check, boundary))


@hypothesis_settings(deadline=None)
@given(checks, policies)
def test_the_order_of_statements_does_not_matter(check: Check, policy: list[Statement]) -> None:
    assert decision(check, policy) == decision(check, policy[::-1])


@hypothesis_settings(deadline=None)
@given(checks, statements)
def test_each_statement_matches_or_its_opposite_does(check: Check, statement: Statement) -> None:
    plain = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    for name in ("Action", "Resource"):
        patterns = statement.get(name, statement.get(f"Not{name}"))
        others = {key: value for key, value in plain.items() if key != name}
        assert allowed(check, [{**others, name: patterns}]) != allowed(check, [{**others, f"Not{name}": patterns}])


TEXTS = st.text("aB:/-.*?[", max_size=8)


@hypothesis_settings(deadline=None)
@given(st.text("aB:/-.[", max_size=8), TEXTS)
def test_wildcards_match_as_a_plain_search_of_all_splits_does(text: str, pattern: str) -> None:
    check = Check("ec2:CreateVpc", text, {})
    assert allowed(check, [{"Effect": "Allow", "Action": "*", "Resource": pattern}]) == _matches(text, pattern)
    of_tag = Check("ec2:CreateVpc", "*", {"aws:requesttag/environment": text})
    like = {"StringLike": {"aws:RequestTag/Environment": pattern}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": like}
    assert allowed(of_tag, [statement]) == _matches(text, pattern)


def _matches(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_matches(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and _matches(text[1:], pattern[1:])


@hypothesis_settings(deadline=None)
@given(st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1))
def test_a_key_that_is_absent_satisfies_only_what_allows_that(key: str, values: list[str]) -> None:
    absent = Check("ec2:CreateVpc", "*", {})
    for operator, expected in {
        "StringEquals": False,
        "StringLike": False,
        "ForAnyValue:StringEquals": False,
        "StringEqualsIfExists": True,
        "StringNotEquals": True,
        "ForAllValues:StringEquals": True,
    }.items():
        condition: Mapping[str, Any] = {operator: {key: values}}
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
        assert allowed(absent, [statement]) == expected, operator


@hypothesis_settings(deadline=None)
@given(st.lists(st.sampled_from(["Environment", "Project", "Owner"]), unique=True))
def test_the_keys_of_tags_are_those_of_the_request(keys: list[str]) -> None:
    check = Check("ec2:CreateVpc", "*", {"aws:tagkeys": list(keys)} if keys else {})
    of_ours = {"ForAllValues:StringEquals": {"aws:TagKeys": ["Environment", "Project"]}}
    some = {"Null": {"aws:TagKeys": "false"}}
    for condition, expected in ((of_ours, "Owner" not in keys), (some, bool(keys))):
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
        assert allowed(check, [statement]) == expected
