"""Tests that ``ops plan-review`` never shows a value that Terraform marks as sensitive."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from tests.unit.plans import Json, plan, resource, review

MARKED = "marked-value"
TYPES = (
    "aws_db_instance",
    "aws_ecs_service",
    "aws_elasticache_replication_group",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_instance",
    "aws_lb_listener",
    "aws_route53_record",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
)
PLACES = (
    "a",
    "cidr_ipv4",
    "from_port",
    "instance_class",
    "ip_protocol",
    "maintenance_window",
    "policy",
    "policy_arn",
    "rule",
    "ttl",
)
"""Arguments whose values the review shows in lines of their own, and another one."""
values = st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["a", "b"]))
shapes = st.recursive(
    st.tuples(values, values, st.booleans(), st.booleans(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


def part(shape: Any, number: int) -> Any:
    """One of the trees that Terraform writes of the same shape, with marked values where it says they are secret."""
    if isinstance(shape, dict):
        return {key: part(inner, number) for key, inner in shape.items()}
    if isinstance(shape, list):
        return [part(inner, number) for inner in shape]
    marked = shape[2] or shape[3]
    return f"{MARKED}-{number}" if marked and number < 2 else shape[number]


@settings(max_examples=60)
@given(
    shape=st.dictionaries(st.sampled_from("abcd"), shapes, min_size=1, max_size=4),
    kind=st.sampled_from(["change", "replace"]),
    type_=st.sampled_from(TYPES),
    places=st.lists(st.sampled_from(PLACES), min_size=4, max_size=4, unique=True),
)
def test_a_marked_value_is_never_shown(shape: Any, kind: str, type_: str, places: list[str]) -> None:
    shape = dict(zip(places, shape.values(), strict=False))
    change = resource(
        f"{type_}.one",
        kind,
        part(shape, 0),
        part(shape, 1),
        before_sensitive=part(shape, 2),
        after_sensitive=part(shape, 3),
        after_unknown=part(shape, 4),
        replace_paths=[[places[0]]] if kind == "replace" else [],
    )
    with TemporaryDirectory() as folder:
        ran = review(Path(folder), {"data": plan(change)})
    assert ran.returncode in (0, 3), ran.stderr
    assert MARKED not in ran.stdout + ran.stderr


def marked(type_: str, kind: str, argument: str, before: Json | None, after: Json) -> Json:
    return resource(f"{type_}.one", kind, before, after, after_sensitive={argument: True})


def grants(action: str) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})


def image(version: str) -> Json:
    return {"container_definitions": json.dumps([{"name": "web", "image": f"langfuse/langfuse:{version}"}])}


RULE = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}
SECRET = {"name": "a", "value": MARKED}
HIDDEN: dict[str, tuple[Json, str]] = {
    "a policy": (
        marked("aws_iam_role_policy", "change", "policy", {"policy": grants("a")}, {"policy": grants(f"s3:{MARKED}")}),
        "its `policy` changes, and is sensitive",
    ),
    "an attached policy": (
        marked("aws_iam_role_policy_attachment", "add", "policy_arn", None, {"policy_arn": MARKED}),
        "attaches `(sensitive)`",
    ),
    "a CIDR block": (
        marked("aws_vpc_security_group_ingress_rule", "add", "cidr_ipv4", None, {**RULE, "cidr_ipv4": MARKED}),
        "tcp 443 from `(sensitive)`",
    ),
    "a port": (
        marked(
            "aws_vpc_security_group_egress_rule",
            "add",
            "from_port",
            None,
            {**RULE, "cidr_ipv4": "0.0.0.0/0", "from_port": MARKED},
        ),
        "tcp `(sensitive)`-443 to 0.0.0.0/0",
    ),
    "a maintenance window": (
        marked(
            "aws_db_instance",
            "change",
            "maintenance_window",
            {"instance_class": "a"},
            {"instance_class": "b", "maintenance_window": MARKED},
        ),
        "modified in the maintenance window (instance_class)",
    ),
    "the time to live of a DNS record": (
        marked("aws_route53_record", "change", "ttl", {"name": "a", "ttl": 987654}, {"name": "b", "ttl": 987654}),
        "until its TTL is over",
    ),
    "a parameter that moves": (
        resource(
            "aws_db_parameter_group.one",
            "change",
            {"parameter": [SECRET, {"name": "b", "value": "1"}]},
            {"parameter": [{"name": "b", "value": "1"}, {"name": "a", "value": "2"}]},
            before_sensitive={"parameter": [{"value": True}, {}]},
        ),
        "- change `aws_db_parameter_group.one`: parameter.value\n",
    ),
    "a parameter that goes": (
        resource(
            "aws_db_parameter_group.one",
            "change",
            {"parameter": [SECRET, {"name": "b", "value": "1"}]},
            {"parameter": [{"name": "b", "value": "1"}]},
            before_sensitive={"parameter": [{"value": True}, {}]},
        ),
        "- change `aws_db_parameter_group.one`: parameter\n",
    ),
    "a version of Langfuse": (
        marked("aws_ecs_task_definition", "replace", "container_definitions", image("3.987654.1"), image("4.1.987654")),
        "- `aws_ecs_task_definition.one`: another version",
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_marked_value_in_a_line_of_its_own(tmp_path: Path, name: str) -> None:
    change, says = HIDDEN[name]
    ran = review(tmp_path, {"data": plan(change)})
    assert says in ran.stdout
    assert MARKED not in ran.stdout
    assert "987654" not in ran.stdout
