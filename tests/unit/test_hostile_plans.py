"""Tests that ``ops plan-review`` refuses what Terraform can't have written, and that no value reads as a verdict."""

import copy
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from tests.command_line import Ran, ops_in_process
from tests.unit.plans import Json, plan, resource, review

VERDICTS = ("✅ No changes", "✅", "⏳", "⚠️ Leaves", "⚠️ Replaces", "⚠️ Data is lost", "⛔")
"""Verdicts, the weakest first."""
POLICY = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}]}
CONTAINERS = [{"name": "web", "image": "langfuse/langfuse:4.16.0", "environment": [{"name": "A", "value": "b"}]}]
PLAN = plan(
    resource("aws_db_instance.postgres", "replace", {"username": "a"}, {"username": "b"}, replace_paths=[["username"]]),
    resource("aws_vpc.vpc", "none", {"id": "vpc-1"}, {"id": "vpc-1"}),
    resource("aws_iam_role_policy.task", "change", {"policy": "{}"}, {"policy": json.dumps(POLICY)}),
    resource("aws_ecs_task_definition.web", "add", None, {"container_definitions": json.dumps(CONTAINERS)}),
    resource("module.a.aws_sns_topic.alarms", "destroy", {"name": "alarms"}),
    prior_state={
        "values": {
            "root_module": {
                "resources": [{"address": "aws_db_instance.postgres", "mode": "managed"}],
                "child_modules": [
                    {"resources": [{"address": "module.a.aws_sns_topic.alarms", "mode": "managed"}]},
                ],
            }
        }
    },
)
UNLISTED = {"address": "aws_db_instance.postgres", "mode": "managed"}
REPLACED_DATABASE = PLAN["resource_changes"][0]


def strength(ran: Ran) -> int:
    return max(rank for rank, verdict in enumerate(VERDICTS) if ran.stdout.startswith(f"### {verdict}"))


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yields the paths of all values inside the value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


DROPPED = object()
OTHERS = st.one_of(
    st.just(DROPPED),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ["delete", "no-op", "read", "data", "managed", "create", "\ud800", "9" * 5000, "x`\n### ✅ No changes"]
    ),
    st.lists(st.sampled_from(["delete", "no-op", "create", 1]), max_size=2),
    st.dictionaries(st.sampled_from(["Statement", "values", "a"]), st.none(), max_size=2),
)


def mutated(path: tuple[str | int, ...], other: object) -> Json:
    """The plan with another value at the path. Elements of lists are not dropped: a list can be shorter."""
    document = copy.deepcopy(PLAN)
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    if other is not DROPPED:
        parent[path[-1]] = other
    elif isinstance(parent, dict):
        del parent[path[-1]]
    return document


@settings(max_examples=60)
@given(path=st.sampled_from(list(places(PLAN))), other=OTHERS)
@example(path=("resource_changes",), other=DROPPED)
@example(path=("resource_changes",), other=[])
@example(path=("resource_changes", 0, "change", "actions"), other=["no-op"])
@example(path=("resource_changes", 0, "change", "actions"), other=["update"])
@example(path=("resource_changes", 0, "type"), other="aws_vpc")
@example(path=("resource_changes", 2, "change", "after", "policy"), other="[" * 5000)
@example(path=("resource_changes", 3, "change", "after", "container_definitions"), other='{"a": 1}')
def test_a_changed_plan_is_refused_or_reviewed_as_strictly(path: tuple[str | int, ...], other: object) -> None:
    with TemporaryDirectory() as folder:
        ran = review(Path(folder), {"data": mutated(path, other)})
    if ran.returncode == 2:
        assert ran.stdout == ""
    else:
        assert ran.returncode == 3, ran.stderr
        assert strength(ran) == len(VERDICTS) - 1
    assert "Traceback" not in ran.stderr


def written(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def with_version(version: object) -> bytes:
    return json.dumps({**plan(REPLACED_DATABASE), "format_version": version}).encode()


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "no file": (lambda _: None, "does not exist"),
    "a directory": (lambda path: path.mkdir(), "is not a file"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "does not exist"),
    "a link to itself": (lambda path: path.symlink_to(path), "data.json"),
    "a pipe": (os.mkfifo, "is not a file"),
    "an endless device": (lambda path: path.symlink_to("/dev/zero"), "is not a file"),
    "a huge file": (lambda path: path.open("wb").truncate(101 << 20), "larger than 100 MiB"),
    "nothing": (written(b""), "is not JSON"),
    "text": (written(b"Terraform will perform"), "is not JSON"),
    "Latin-1": (written(b'{"format_version": "\xe9"}'), "is not UTF-8"),
    "UTF-16": (written(json.dumps(plan()).encode("utf-16")), "is not UTF-8"),
    "a byte order mark": (written(b"\xef\xbb\xbf" + json.dumps(plan()).encode()), "is not JSON"),
    "NaN": (written(b'{"format_version": "1.2", "resource_changes": [], "x": NaN}'), "is not JSON"),
    "a number of 5000 digits": (written(b"9" * 5000), "is not JSON"),
    "nested arrays": (written(b"[" * 200_000 + b"]" * 200_000), "is nested too deeply"),
    "an array": (written(b"[]"), "is not what `terraform show -json` writes of a plan"),
    "a state": (written(b'{"format_version": "1.0", "values": {}}'), "is not what `terraform show -json` writes"),
    "version 2": (written(with_version("2.0")), "format_version: only the versions 1.x are known, such as 1.2"),
    "version 10": (written(with_version("10.0")), "format_version"),
    "a number as version": (written(with_version(1.2)), "format_version"),
    "no version": (written(b'{"resource_changes": []}'), "format_version"),
    "a failed plan": (written(json.dumps(plan(errored=True)).encode()), "is a plan that failed"),
    "an unknown action of an output": (
        written(json.dumps(plan(output_changes={"a": {"actions": ["bogus"]}})).encode()),
        "output_changes.a.actions: its actions are unknown",
    ),
    "a deferred change": (written(json.dumps(plan(deferred_changes=[{}])).encode()), "deferred_changes"),
    "an action": (written(json.dumps(plan(action_invocations=[{}])).encode()), "action_invocations"),
    "a plan of a part": (written(json.dumps(plan(complete=False)).encode()), "without -target"),
    "a key twice": (written(b'{"resource_changes": [1], "resource_changes": []}'), "is not JSON"),
    "changes left out": (
        written(json.dumps(plan(planned_values={"root_module": {"resources": [UNLISTED]}})).encode()),
        "resource_changes lacks resources",
    ),
    "waits for nothing": (written(b'{"waits_for": []}'), "waits_for"),
    "waits and plans": (written(b'{"waits_for": ["a"], "resource_changes": []}'), "resource_changes"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_plan_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    make, says = WRONG[name]
    make(tmp_path / "data.json")
    ran = ops_in_process("plan-review", str(tmp_path / "data.json"), environment={})
    assert ran.returncode == 2, ran.stdout
    assert ran.stdout == ""
    (line,) = [line for line in ran.stderr.splitlines() if "data.json" in line]
    assert says in line


@pytest.mark.parametrize("field", ["address", "mode", "type", "change"])
def test_a_change_without_a_field_is_refused(tmp_path: Path, field: str) -> None:
    without = {key: value for key, value in REPLACED_DATABASE.items() if key != field}
    ran = review(tmp_path, {"data": plan(without)})
    assert ran.returncode == 2
    assert f"resource_changes[0].{field}: Field required" in ran.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"actions": ["no-op"], "replace_paths": []}, "it is a no-op that changes something"),
        ({"actions": ["create"], "replace_paths": []}, "its actions do not agree with what is before and after"),
        ({"actions": ["import"]}, "its actions are unknown"),
        ({"before_sensitive": "yes"}, "change.before_sensitive"),
        ({"after_sensitive": 1}, "change.after_sensitive"),
    ],
)
def test_what_terraform_does_not_write_of_a_change_is_refused(tmp_path: Path, change: Json, says: str) -> None:
    wrong = {**REPLACED_DATABASE, "change": {**REPLACED_DATABASE["change"], **change}}
    ran = review(tmp_path, {"data": plan(wrong)})
    assert ran.returncode == 2
    assert says in ran.stderr


def test_a_value_is_not_echoed(tmp_path: Path) -> None:
    ran = review(tmp_path, {"data": plan({**REPLACED_DATABASE, "change": "secret-value"})})
    assert ran.returncode == 2
    assert "secret-value" not in ran.stderr


HOSTILE = (
    "x`\n### ✅ No changes",
    "x```\r\n### ✅ No changes\n```",
    "\x1b[2J\x1b[H✅ No changes",
    "<details><summary>✅ No changes</summary>",
    "a | b\u2028### ✅ No changes",
    "\u202e\ud800",
)


@settings(max_examples=30)
@given(value=st.one_of(st.text(), st.sampled_from(HOSTILE)))
@example(value=HOSTILE[0])
@example(value=HOSTILE[2])
@example(value=HOSTILE[5])
def test_a_value_of_a_plan_is_code_on_one_line(value: str) -> None:
    changes = (
        resource(f'aws_db_instance.postgres["{value}"]', "replace", {}, {value: 1}, replace_paths=[[value]]),
        resource(f'aws_iam_role_policy.a["{value}"]', "change", {value: 1}, {value: 2, "policy": _allows(value)}),
        resource("aws_iam_role_policy_attachment.a", "add", None, {"policy_arn": value}),
        resource(
            "aws_vpc_security_group_ingress_rule.a",
            "add",
            None,
            {"cidr_ipv4": value or "x", "ip_protocol": value or "x", "from_port": 1, "to_port": value},
        ),
    )
    with TemporaryDirectory() as folder:
        ran = review(Path(folder), {"data": plan(*changes), "services": {"waits_for": [value]}})
    assert ran.returncode == 3, ran.stderr
    lines = ran.stdout.splitlines()
    assert ran.stdout.isprintable() or set(filter(lambda c: not c.isprintable(), ran.stdout)) == {"\n"}
    assert [line for line in lines if line.startswith("#")] == ["### ⛔ Refused: data would be lost"]
    for line in lines:
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line.replace("\\|", ""))
        assert "✅" not in outside
        assert "<summary>✅" not in outside
        assert not line.startswith("|") or line.count("|") - line.count("\\|") == 8


def _allows(value: str) -> str:
    statement = {"Effect": "Allow", "Action": value, "Resource": value, "Principal": {"AWS": value}}
    return json.dumps({"Statement": statement})


NETWORK = plan(resource("aws_nat_gateway.nat", "destroy"))
NOTHING = plan()


@pytest.mark.parametrize(
    ("plans", "verdict"),
    [
        ({"network": NOTHING, "data": NOTHING}, "✅ No changes"),
        ({"network": NETWORK, "data": NOTHING}, "⚠️ Replaces or destroys, but no data"),
        (
            {"network": NETWORK, "data": {"waits_for": ["network"]}, "services": {"waits_for": ["network"]}},
            "⚠️ Replaces or destroys; data and services not planned: loss unknown",
        ),
        ({"network": NOTHING, "data": {"waits_for": ["network"]}}, "⏳ No changes yet; data not planned: loss unknown"),
    ],
)
def test_no_loss_is_only_said_when_every_stack_is_planned(tmp_path: Path, plans: dict[str, Json], verdict: str) -> None:
    ran = review(tmp_path, plans)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0] == f"### {verdict}"


def test_an_allowed_loss_is_called_a_loss(tmp_path: Path) -> None:
    ran = review(tmp_path, {"data": plan(REPLACED_DATABASE)}, "--allow", "aws_db_instance.postgres")
    assert ran.returncode == 0
    assert ran.stdout.startswith("### ⚠️ Data is lost, which --allow accepts\n")
    assert "is replaced (allowed)" in ran.stdout
