"""Tests of the network and policy changes that ``ops plan-review`` reports."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops.review import access_changes
from ops.review.plan_format import Change
from tests.unit.plans import Json, plan, resource, review


def change(type_: str, before: Any, after: Any, **unknown: bool) -> Change:
    kind = "add" if before is None else "destroy" if after is None else "change"
    return Change.model_validate(resource(f"{type_}.one", kind, before, after, after_unknown=unknown))


def policy(**statement: Any) -> dict[str, Any]:
    statements = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*", **statement}]
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}


def widenings(before: Any, after: Any, **unknown: bool) -> list[str]:
    return list(access_changes.widenings(change("aws_iam_role_policy", before, after, **unknown)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (policy(), policy()),
        (policy(Action="s3:*"), policy()),
        (policy(Action=["s3:GetObject", "s3:PutObject"]), policy()),
        (policy(Resource="*"), policy()),
        (policy(), policy(Condition={"Bool": {"aws:SecureTransport": "true"}})),
        (policy(Action="S3:getobject"), policy()),
        (policy(), None),
    ],
)
def test_less_or_the_same_is_no_widening(before: Any, after: Any) -> None:
    assert widenings(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (None, policy(), "allows `s3:GetObject` on `arn:aws:s3:::a/*`"),
        (policy(), policy(Action="s3:*"), "allows `s3:*`"),
        (policy(), policy(Resource="arn:aws:s3:::*"), "on `arn:aws:s3:::*`"),
        (policy(Condition={"Bool": {"a": "b"}}), policy(), "allows `s3:GetObject`"),
        (policy(Principal={"AWS": "arn:aws:iam::1:root"}), policy(Principal="*"), "by *"),
        (policy(Effect="Deny"), policy(Effect="Deny", Action="s3:PutObject"), "no longer denies `s3:GetObject`"),
        (policy(), {"policy": json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*"}})}, "NotAction"),
    ],
)
def test_more_is_a_widening(before: Any, after: Any, says: str) -> None:
    (line,) = widenings(before, after)
    assert says in line


def test_a_policy_that_is_not_known_yet_is_told() -> None:
    assert widenings(policy(), {}, policy=True) == [
        "- `aws_iam_role_policy.one`: its `policy` is known after the apply"
    ]


def test_an_attached_policy_is_told() -> None:
    attached = change("aws_iam_role_policy_attachment", None, {"policy_arn": "arn:aws:iam::aws:policy/PowerUserAccess"})
    (line,) = access_changes.widenings(attached)
    assert line.endswith("attaches `arn:aws:iam::aws:policy/PowerUserAccess`")


RULE = {"cidr_ipv4": "10.0.0.0/16", "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432, "description": "web"}


@pytest.mark.parametrize(
    ("type_", "before", "after", "says"),
    [
        ("aws_vpc_security_group_ingress_rule", None, RULE, ["tcp 5432 from 10.0.0.0/16"]),
        ("aws_vpc_security_group_egress_rule", None, {**RULE, "to_port": 5440}, ["tcp 5432-5440 to 10.0.0.0/16"]),
        ("aws_vpc_security_group_ingress_rule", RULE, {**RULE, "cidr_ipv4": "0.0.0.0/0"}, ["from 0.0.0.0/0"]),
        ("aws_vpc_security_group_ingress_rule", RULE, {**RULE, "ip_protocol": "-1"}, ["everything from"]),
        ("aws_vpc_security_group_ingress_rule", RULE, {**RULE, "description": "other"}, []),
        ("aws_vpc_security_group_ingress_rule", RULE, None, []),
        ("aws_vpc_security_group_ingress_rule", RULE, {**RULE, "cidr_ipv4": "10.0.1.0/24"}, []),
        ("aws_vpc_security_group_ingress_rule", RULE, {**RULE, "cidr_ipv4": "10.1.0.0/16"}, ["from 10.1.0.0/16"]),
        ("aws_vpc_security_group_ingress_rule", RULE, {**RULE, "cidr_ipv4": "10.0.0.0/8"}, ["from 10.0.0.0/8"]),
        (
            "aws_vpc_security_group_ingress_rule",
            RULE,
            {**RULE, "cidr_ipv4": "10.0.1.0/24", "to_port": 6000},
            ["tcp 5432-6000 from 10.0.1.0/24"],
        ),
        (
            "aws_vpc_security_group_ingress_rule",
            {**RULE, "cidr_ipv4": None, "cidr_ipv6": "fd00::/8"},
            {**RULE, "cidr_ipv4": None, "cidr_ipv6": "fd00::/16"},
            [],
        ),
        (
            "aws_vpc_security_group_ingress_rule",
            {**RULE, "cidr_ipv4": None, "prefix_list_id": "pl-1"},
            {**RULE, "cidr_ipv4": None, "prefix_list_id": "pl-2"},
            ["from pl-2"],
        ),
    ],
)
def test_openings(type_: str, before: Any, after: Any, says: list[str]) -> None:
    lines = list(access_changes.openings(change(type_, before, after)))
    assert len(lines) == len(says)
    assert all(said in line for said, line in zip(says, lines, strict=True))


def test_a_source_that_is_not_known_yet_is_told() -> None:
    after = {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432}
    rule = change("aws_vpc_security_group_ingress_rule", None, after, referenced_security_group_id=True)
    (line,) = access_changes.openings(rule)
    assert line.endswith("tcp 5432 from referenced security group known after the apply")


TITLE = "**Allowed to do more**\n"


def added(address: str, **after: Any) -> Json:
    return resource(address, "add", None, after)


def grants_of(number: int) -> dict[str, Any]:
    return policy(Action=[f"ec2:Action{count}" for count in range(number)], Resource="*")


def allowed(folder: Path, **plans: Json) -> list[str]:
    """The lines of the section."""
    shown = review(folder, plans).stdout.partition(TITLE)[2].partition("\n\n")[0]
    return shown.splitlines()


def test_grants_of_the_administrators_stack_come_last_and_are_counted(tmp_path: Path) -> None:
    """They are some hundred, and would hide those of the others."""
    access = plan(
        added("aws_iam_policy.boundary_policy_EA87", **grants_of(50)),
        added("aws_iam_policy.deploy_network_12AB", **grants_of(44)),
        added("aws_iam_policy.deploy_logs_34CD", **grants_of(1)),
        resource(
            "aws_iam_role_policy_attachment.deploy_network-attachment_56EF",
            "add",
            None,
            {"role": "langfuse-dev-deploy"},
            after_unknown={"policy_arn": True},
        ),
        added("aws_iam_role_policy_attachment.deploy_x_78AB", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess"),
    )
    services = plan(added("aws_iam_role_policy.task_9ABC", **policy(Action="iam:PassRole", Resource="*")))
    assert allowed(tmp_path, access=access, services=services) == [
        "- `aws_iam_role_policy.task_9ABC`: allows `iam:PassRole` on `*`",
        "- `aws_iam_policy.deploy_network_12AB`: 44 grants",
        "- `aws_iam_policy.deploy_logs_34CD`: allows `ec2:Action0` on `*`",
        "- `aws_iam_role_policy_attachment.deploy_x_78AB`: attaches `arn:aws:iam::aws:policy/AdministratorAccess`",
    ]


def test_whom_a_role_of_ci_trusts_is_told(tmp_path: Path) -> None:
    trust = policy(Principal={"Federated": "arn:aws:iam::123456789012:oidc-provider/any"}, Action="sts:AssumeRole")
    access = plan(added("aws_iam_role.deploy_role_12AB", assume_role_policy=trust["policy"]))
    (line,) = allowed(tmp_path, access=access)
    assert "aws_iam_role.deploy_role_12AB" in line
    assert "oidc-provider/any" in line


def test_other_stacks_have_no_policy_that_is_left_out(tmp_path: Path) -> None:
    services = plan(
        added("aws_iam_policy.boundary_policy_EA87", **grants_of(1)),
        added("aws_iam_policy.deploy_network_12AB", **grants_of(9)),
    )
    assert len(allowed(tmp_path, services=services)) == 10
