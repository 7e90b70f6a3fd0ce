"""Tests of the verdict of ``ops plan-review``, its JSON, and what ``--allow`` accepts."""

import json
from pathlib import Path

import pytest

from ops.review.losses import FIXED
from ops.review.text import code, word
from tests.unit.plans import Json, plan, resource, review

VOLUME = resource("aws_ebs_volume.data", "forget", {"size": 50})
DATABASE = resource("aws_db_instance.postgres", "replace", {"username": "a"}, {"username": "b"})


def image(version: str, **container: object) -> Json:
    definition = {"name": "web", "image": f"langfuse/langfuse:{version}", **container}
    return {"container_definitions": json.dumps([definition])}


STEP = resource("aws_ecs_task_definition.web", "replace", image("3.225.7"), image("4.16.0"))
LOST = "**Data is lost**"
STAYS = "**Data stays on AWS, and leaves the state**"


@pytest.mark.parametrize(
    ("changes", "verdict", "sections"),
    [
        ([STEP], "no write mode for Langfuse's new major version", set()),
        ([VOLUME], "data would leave the state", {STAYS}),
        ([DATABASE], "data would be lost", {LOST}),
        ([DATABASE, VOLUME, STEP], "data would be lost", {LOST, STAYS}),
        ([resource("aws_subnet.one", "forget", {"a": 1})], "data would be lost", {LOST}),
    ],
)
def test_why_a_plan_is_refused(tmp_path: Path, changes: list[Json], verdict: str, sections: set[str]) -> None:
    ran = review(tmp_path, {"data": plan(*changes)})
    assert ran.returncode == 3
    assert ran.stdout.startswith(f"### ⛔ Refused: {verdict}\n")
    assert {title for title in (LOST, STAYS) if f"\n{title}\n" in ran.stdout} == sections


def test_what_is_allowed_to_leave_the_state(tmp_path: Path) -> None:
    ran = review(tmp_path, {"data": plan(VOLUME)}, "--allow", VOLUME["address"])
    assert ran.returncode == 0
    assert ran.stdout.startswith("### ⚠️ Data leaves the state, which --allow accepts\n")
    assert "\n| data | 0 | 0 | 0 | 0 | 1 | about 0 |\n" in ran.stdout


@pytest.mark.parametrize(
    ("old", "new", "is_told"),
    [
        ("4.16.0@sha256:" + "a" * 64, "4.17.0@sha256:" + "a" * 64, True),
        ("4.16.0@sha256:" + "a" * 64, "4.17.0@sha256:" + "b" * 64, False),
        ("4.16.0@sha256:" + "a" * 64, "4.17.0", False),
        ("4.16.0", "4.17.0", False),
    ],
)
def test_a_digest_that_stays_while_the_version_changes_is_told(
    tmp_path: Path, old: str, new: str, is_told: bool
) -> None:
    ran = review(
        tmp_path, {"services": plan(resource("aws_ecs_task_definition.web", "replace", image(old), image(new)))}
    )
    assert ("; the old image runs on" in ran.stdout.partition("\n")[0]) == is_told
    line = "- `aws_ecs_task_definition.web`: web: set langfuse.web_digest and worker_digest\n"
    assert (line in ran.stdout) == is_told


def test_the_answer_in_json(tmp_path: Path) -> None:
    softer = resource("aws_lb.web", "change", {"enable_deletion_protection": True}, {})
    plans = {"data": plan(VOLUME, DATABASE, softer), "services": {"waits_for": ["data"]}}
    ran = review(tmp_path, plans, "--json", "--allow", VOLUME["address"])
    assert ran.returncode == 3
    none = {"add": 0, "change": 0, "replace": 0, "destroy": 0, "forget": 0}
    assert json.loads(ran.stdout) == {
        "stacks": {
            "data": {**none, "change": 1, "replace": 1, "forget": 1},
            "services": {**none, "waits_for": ["data"]},
        },
        "refused": [DATABASE["address"]],
        "allowed": [VOLUME["address"]],
        "warnings": ["protects less"],
        # The load balancer's subnets and the database's class are not in these plans.
        "usd_a_month": {"data": {"usd": 0, "about": True}},
    }


def test_an_address_that_no_plan_has_allows_nothing_and_is_no_error(tmp_path: Path) -> None:
    """The workflows give the same addresses to every environment."""
    options = ("--allow", "aws_ebs_volume.dat")
    assert review(tmp_path, {"data": plan(VOLUME)}, *options).returncode == 3
    assert review(tmp_path, {"data": plan(VOLUME)}, *options, "--allow", VOLUME["address"]).returncode == 0


def test_outputs_that_change_alone_are_told(tmp_path: Path) -> None:
    verdicts = [
        review(tmp_path, {"data": plan(output_changes={"a": {"actions": [action]}})}).stdout.partition("\n")[0]
        for action in ("update", "no-op")
    ]
    assert verdicts == ["### ✅ Changes of outputs only", "### ✅ No changes"]


def subnet(kind: str, number: int = 0) -> Json:
    return resource(f"aws_subnet.private-{number}", kind, {"cidr_block": "a"}, {"cidr_block": "b"})


def vpc(kind: str) -> Json:
    return resource("aws_vpc.vpc", kind, {"cidr_block": "a"}, {"cidr_block": "b"})


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ([vpc("replace"), subnet("replace")], True),
        ([subnet("replace")], True),
        ([subnet("destroy")], True),
        ([vpc("destroy"), subnet("destroy"), subnet("destroy", 1)], False),
        ([resource("aws_route53_zone.web", "destroy", {"name": "a"})], False),
    ],
)
def test_what_can_not_be_changed_is_told_unless_all_is_destroyed(
    tmp_path: Path, changes: list[Json], is_told: bool
) -> None:
    ran = review(tmp_path, {"network": plan(*changes)})
    assert (FIXED in ran.stdout) == is_told


@pytest.mark.parametrize(
    ("output", "action", "is_planned", "is_told"),
    [
        ("cross-stack-output-dataaws_subnetvpc_private-0_BC0C0085id", "update", False, True),
        ("cross-stack-output-dataaws_vpcvpc_6776A399id", "update", False, True),
        ("cross-stack-output-aws_subnetvpc_private-0_BC0C0085id", "update", False, True),
        ("cross-stack-output-dataaws_subnetvpc_private-0_BC0C0085id", "create", False, False),
        ("cross-stack-output-dataaws_subnetvpc_private-0_BC0C0085id", "no-op", False, False),
        ("cross-stack-output-dataaws_subnetvpc_private-0_BC0C0085id", "update", True, False),
        ("cross-stack-output-aws_security_groupfirewall_redis_BA8D3EA0id", "update", False, False),
        ("cross-stack-output-aws_vpc_endpointvpc_s3_BA8D3EA0id", "update", False, False),
    ],
)
def test_other_subnets_of_an_existing_vpc_are_told(
    tmp_path: Path, output: str, action: str, is_planned: bool, is_told: bool
) -> None:
    """In an existing VPC, only the outputs change: the data that reads them is replaced once they have."""
    reads = {"references": [f"data.terraform_remote_state.network.outputs.{output}"]}
    database = {"address": "aws_db_instance.one", "type": "aws_db_instance", "expressions": {"subnets": reads}}
    reader = {"configuration": {"root_module": {"resources": [database]}}}
    network = plan(output_changes={output: {"actions": [action]}})
    data = plan(**reader) if is_planned else {"waits_for": ["network"], **reader}
    ran = review(tmp_path, {"network": network, "data": data})
    assert (FIXED in ran.stdout) == is_told


@pytest.mark.parametrize(
    ("output", "waits", "is_told"),
    [
        ("dataaws_subnetvpc_private-2_BC0C0085id", True, True),
        ("dataaws_subnetvpc_private-2_BC0C0085id", False, False),
        ("dataaws_subnetvpc_public-2_BC0C0085id", True, False),
        ("dataaws_subnetvpc_private-0_BC0C0085availability_zone", True, False),
    ],
)
def test_fewer_subnets_of_an_existing_vpc_are_told(tmp_path: Path, output: str, waits: bool, is_told: bool) -> None:
    """A switch of clickhouse.mode deletes the output of a zone; the load balancer can give up public subnets."""
    network = plan(output_changes={f"cross-stack-output-{output}": {"actions": ["delete"]}})
    ran = review(tmp_path, {"network": network, "data": {"waits_for": ["network"]} if waits else plan()})
    assert (FIXED in ran.stdout) == is_told


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("replace_by_triggers", "forced by its `replace_triggered_by`"),
        ("replace_by_request", "forced by the option -replace"),
        ("replace_because_tainted", "forced by a failed apply before"),
        ("", "forced by Terraform"),
    ],
)
def test_what_forces_a_replacement_without_an_argument(tmp_path: Path, reason: str, says: str) -> None:
    change = {**resource("aws_instance.one", "replace", {"a": 1}, {"a": 2}), "action_reason": reason}
    assert f"- `aws_instance.one`, {says}\n" in review(tmp_path, {"data": plan(change)}).stdout


@pytest.mark.parametrize("reason", ["replace_by_triggers", "replace_by_request"])
def test_only_a_trigger_may_be_named_for_a_resource_that_is_added(tmp_path: Path, reason: str) -> None:
    """Terraform 1.11 names it: with clickhouse.configured, the scaling of a service that is replaced is added."""
    change = {**resource("aws_appautoscaling_target.web", "add", None, {"a": 1}), "action_reason": reason}
    ran = review(tmp_path, {"services": plan(change)})
    assert (ran.returncode == 0) == (reason == "replace_by_triggers")
    assert ("does not replace it" in ran.stderr) == (reason == "replace_by_request")


@pytest.mark.parametrize(("size", "says"), [(None, ""), (0, ""), (256, "web: cpu 0 → 256")])
def test_a_container_without_a_size(tmp_path: Path, size: int | None, says: str) -> None:
    before, after = image("4.16.0", cpu=None), image("4.16.0", cpu=size, stopTimeout=1)
    change = resource("aws_ecs_task_definition.web", "replace", before, after)
    ran = review(tmp_path, {"services": plan(change)})
    assert ran.returncode == 0, ran.stderr
    assert (says or "web: stopTimeout") in ran.stdout


@pytest.mark.parametrize("value", ["www.example.com", "WWW.example.com", "a_www.example.com", "https://example.com"])
def test_a_value_is_no_link(value: str) -> None:
    """https://github.github.com/gfm/#autolinks-extension-"""
    assert word(value) == code(value)


def test_an_invisible_value_is_short() -> None:
    assert len(code("\u202e" * 500)) < 210
