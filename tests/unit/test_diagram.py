"""Tests of the architecture that is drawn from the synthesized JSON, without the layout, which needs Node.js."""

import copy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import typer

from diagram import layout
from diagram.architecture import ADDED, CHANGED, DESTROYED, LATER, REPLACED, Architecture
from diagram.documents import ENVIRONMENTS as DRAWN, pages
from diagram.environment import architecture
from diagram.graph import Graph
from diagram.layout import NOT_INSTALLED, elk_graph
from diagram.lines import lines
from diagram.mermaid import mermaid
from diagram.resource_types import BOXES, NOT_DRAWN, PLACES_AND_LINES, SHOWN_IN
from ops import plan as ops_plan, plan_picture
from ops.errors import OpsError
from ops.plan_picture import planned_architecture
from ops.review.terraform_plan import StackPlan
from ops.terraform import SAVED_PLAN
from synth.manifest import StackManifest
from tests.combinations import REGIONS, covering
from tests.command_line import assert_one_line, copy_project, ops_in_process
from tests.environments import EC2, ENVIRONMENTS, EXTERNAL, RUNNING, SECURED
from tests.synthesis import app
from tests.unit.plans import plan, resource

Json = dict[str, Any]
Variables = dict[str, str]


def synthesized(environment: str = "dev", overrides: Variables | None = None) -> dict[str, Json]:
    return {name: stack.json for name, stack in app(environment, overrides).items()}


def drawn(environment: str = "dev", overrides: Variables | None = None) -> Architecture:
    return architecture(Graph(synthesized(environment, overrides)))


def connections(drawn_: Architecture) -> set[tuple[str, str, tuple[int, ...], str]]:
    """Every edge by the names of its parts, with what it goes through."""
    names = {part.key: part.name.partition(" ")[0] for part in drawn_.parts}
    return {
        (names[edge.source], names[edge.target], edge.ports, names[edge.through] if edge.through else edge.note)
        for edge in drawn_.edges
    }


def every_setting() -> Iterator[tuple[str, Variables]]:
    """Environments that have every resource together."""
    yield "dev", {"LANGFUSE_AWS__ALARMS__EMAIL": "alarms@example.com"}
    yield from (("dev", dict(overrides)) for overrides in SECURED.values())
    for environment in ENVIRONMENTS:
        yield environment, {}
        for combination in covering(environment, REGIONS[0]):
            yield environment, dict(combination)


def test_without_nat_the_tasks_are_drawn_in_the_public_subnets() -> None:
    trial = drawn("trial")
    assert {place.key: place.parent for place in trial.places}["cluster"] == "public"
    assert ("web", "Internet", (443,), "its public address") in connections(trial)
    lines = "\n".join(mermaid(trial))
    assert 'subgraph public["Public subnets"]; subgraph cluster' in lines


def test_every_type_of_resource_is_drawn_or_named_as_not_drawn() -> None:
    tables = (BOXES, SHOWN_IN, PLACES_AND_LINES, NOT_DRAWN)
    known = [type_ for table in tables for type_ in table]
    assert len(known) == len(set(known))
    assert {shown for types in SHOWN_IN.values() for shown in types} <= set(BOXES)
    found = {
        type_
        for environment, overrides in every_setting()
        for stack in synthesized(environment, overrides).values()
        for type_ in stack["resource"]
    }
    assert found <= set(known), "add them to diagram/resource_types.py"
    assert set(known) <= found, "diagram/resource_types.py names what no environment has"


def test_what_the_table_shows_in_a_box_is_in_one() -> None:
    for environment, overrides in every_setting():
        graph = Graph(synthesized(environment, overrides))
        shown = {key for part in architecture(graph).parts for key in part.resources}
        assert {item.key for item in graph.of(*SHOWN_IN)} <= shown


def test_every_combination_of_settings_can_be_drawn() -> None:
    for environment, overrides in every_setting():
        picture = drawn(environment, overrides)
        keys = {part.key for part in picture.parts}
        assert {end for edge in picture.edges for end in edge[:2]} <= keys
        assert len({part.name for part in picture.parts}) == len(keys), "Mermaid's names are the parts'"
        nodes = {end for edge in elk_graph(picture)["edges"] for end in (*edge["sources"], *edge["targets"])}
        assert len(elk_graph(picture)["edges"]) == len(lines(picture))
        assert nodes


def test_who_reaches_whom_in_dev() -> None:
    assert connections(drawn()) == {
        ("Users", "Load", (80,), ""),
        ("Load", "web", (3000,), ""),
        *(
            (service, target, ports, through)
            for service in ("web", "worker")
            for target, ports, through in (
                ("PostgreSQL", (5432,), ""),
                ("Redis", (6379,), ""),
                ("ClickHouse", (8123, 9000), ""),
                ("S3", (443,), "gateway endpoint"),
                ("Secrets", (443,), "NAT"),
                ("CloudWatch", (443,), "NAT"),
                ("Internet", (443,), "NAT"),
            )
        ),
        ("ClickHouse", "Secrets", (443,), "NAT"),
        ("ClickHouse", "Internet", (443,), "NAT"),
    }


@pytest.mark.parametrize("type_", ["aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"])
def test_a_rule_that_is_removed_removes_the_line(type_: str) -> None:
    stacks = copy.deepcopy(synthesized())
    rules = stacks["network"]["resource"][type_]
    (name,) = [name for name in rules if "worker" in name and "redis" in name]
    del rules[name]
    removed = connections(drawn()) - connections(architecture(Graph(stacks)))
    assert removed == {("worker", "Redis", (6379,), "")}


def test_a_route_that_is_removed_removes_what_it_leads_to() -> None:
    stacks = copy.deepcopy(synthesized())
    routes = stacks["network"]["resource"]["aws_route"]
    for name in [name for name, route in routes.items() if "nat_gateway_id" in route]:
        del routes[name]
    assert not [line for line in connections(architecture(Graph(stacks))) if "NAT" in line]


def test_a_listener_that_is_removed_closes_its_port() -> None:
    stacks = copy.deepcopy(synthesized())
    del stacks["services"]["resource"]["aws_lb_listener"]
    assert not [line for line in connections(architecture(Graph(stacks))) if line[0] == "Users"]


def test_a_clickhouse_elsewhere_is_reached_by_nat_with_tls() -> None:
    found = connections(drawn("prod", RUNNING))
    assert {line for line in found if line[1] == "ClickHouse"} == {
        (service, "ClickHouse", (8443, 9440), "NAT") for service in ("web", "worker")
    }


def test_without_the_internet_everything_goes_through_endpoints() -> None:
    picture = drawn("dev", dict(SECURED["dev-isolated"]))
    found = connections(picture)
    assert not {"Internet", "NAT"} & {part.name for part in picture.parts}
    assert ("worker", "Secrets", (443,), "VPC") in found
    assert ("worker", "ECR", (443,), "VPC") in found
    assert ("ClickHouse", "VPC", (443,), "") in found
    assert next(part for part in picture.parts if part.name == "Load balancer").place == "private"


def test_with_cloudfront_users_reach_the_load_balancer_by_it_alone() -> None:
    picture = drawn("dev", dict(SECURED["dev-edge"]))
    users = {line for line in connections(picture) if line[1] in ("CloudFront", "Load")}
    assert users == {("Users", "CloudFront", (80, 443), ""), ("CloudFront", "Load", (80,), "")}
    assert "web ACL (AWS WAF)" in next(part for part in picture.parts if part.name == "CloudFront").details


def test_what_the_services_reach_alike_is_one_line() -> None:
    ends = [line[:2] for line in lines(drawn())]
    assert len(ends) == len(set(ends))
    assert not [source for source, target in ends if source.startswith("aws_ecs_service")]


def test_the_pages_are_those_that_make_diagram_writes() -> None:
    for file, text in pages({name: drawn(name, dict(DRAWN[name][0])) for name in DRAWN}).items():
        assert file.read_text() == text, f"{file.name} is stale: run `make diagram`"


def planned(stacks: dict[str, Json], **plans: StackPlan) -> Architecture:
    return planned_architecture(stacks, list(plans.values()))


def stack_plan(stack: str, *resources: Json) -> StackPlan:
    return StackPlan.model_validate({"stack": stack, "plan": plan(*resources)})


def address(type_: str, part: str, stacks: dict[str, Json]) -> str:
    (found,) = [
        f"{type_}.{name}" for stack in stacks.values() for name in stack["resource"].get(type_, {}) if part in name
    ]
    return found


def states(picture: Architecture) -> dict[str, str]:
    return {part.name.partition(" ")[0]: part.state for part in picture.parts if part.state}


def test_the_picture_of_a_plan_has_a_state_for_each_change() -> None:
    stacks = synthesized()
    data = stack_plan(
        "data",
        resource(address("aws_db_instance", "", stacks), "replace"),
        resource(address("aws_db_parameter_group", "", stacks), "change", {"a": 1}, {"a": 2}),
        resource(address("aws_elasticache_parameter_group", "", stacks), "replace"),
        resource(address("aws_sns_topic", "", stacks), "none"),
    )
    services = StackPlan(stack="services", waits_for=["data"])
    picture = planned(stacks, data=data, services=services)
    assert states(picture) == {
        "PostgreSQL": REPLACED,
        "Redis": CHANGED,
        "Load": LATER,
        "web": LATER,
        "worker": LATER,
    }


def test_the_picture_of_a_plan_shows_what_is_added() -> None:
    stacks = synthesized()
    gateway = address("aws_nat_gateway", "", stacks)
    rules = [
        resource(address(f"aws_vpc_security_group_{way}_rule", name, stacks), "add")
        for way, name in (("ingress", "redis-from-worker"), ("egress", "worker-to-redis"))
    ]
    picture = planned(stacks, network=stack_plan("network", resource(gateway, "add"), *rules))
    assert states(picture) == {"NAT": ADDED}
    (added,) = [edge for edge in picture.edges if edge.state]
    assert (added.state, added.ports) == (ADDED, (6379,))


def test_what_was_never_open_and_will_not_be_is_no_line_of_a_plan() -> None:
    """A rule that goes away and one that comes open nothing together."""
    stacks = copy.deepcopy(synthesized())
    ingress = address("aws_vpc_security_group_ingress_rule", "redis-from-worker", stacks)
    egress = address("aws_vpc_security_group_egress_rule", "worker-to-redis", stacks)
    values = stacks["network"]["resource"]["aws_vpc_security_group_egress_rule"].pop(egress.partition(".")[2])
    ids = {"security_group_id": "sg-00000001", "referenced_security_group_id": "sg-00000002"}
    groups = [values[name].removeprefix("${").removesuffix(".id}") for name in ids]
    staying = [resource(name, "none", {"id": id_}, {"id": id_}) for name, id_ in zip(groups, ids.values(), strict=True)]
    rules = (resource(ingress, "add"), resource(egress, "destroy", {**values, **ids}))
    picture = planned(stacks, network=stack_plan("network", *staying, *rules))
    assert not [edge for edge in picture.edges if edge.state]


def test_the_picture_of_a_plan_shows_what_goes_away_and_its_lines() -> None:
    before, after = synthesized("dev", EC2 | RUNNING), synthesized("dev", EXTERNAL | RUNNING)
    instance = address("aws_instance", "", before)
    group = address("aws_security_group", "clickhouse", after)
    values = before["data"]["resource"]["aws_instance"][instance.partition(".")[2]]
    network = stack_plan("network", resource(group, "none", {"id": "sg-0123456789"}, {"id": "sg-0123456789"}))
    gone = {**values, "id": "i-0123456789", "vpc_security_group_ids": ["sg-0123456789"], "key_name": None}
    picture = planned(after, network=network, data=stack_plan("data", resource(instance, "destroy", gone)))
    (box,) = [part for part in picture.parts if part.key == instance]
    assert (box.name, box.state) == ("ClickHouse", DESTROYED)
    lost = {edge for edge in picture.edges if edge.target == instance}
    assert {(edge.ports, edge.state) for edge in lost} == {((8123, 9000), DESTROYED)}
    assert "external-clickhouse" in {part.key for part in picture.parts}


def test_a_frame_has_the_state_of_its_subnets() -> None:
    stacks = synthesized()
    private = [resource(f"aws_subnet.{name}", "replace") for name in subnets(stacks) if "private" in name]
    picture = planned(stacks, network=stack_plan("network", *private))
    assert {place.key: place.state for place in picture.places if place.state} == {"private": REPLACED}


def subnets(stacks: dict[str, Json]) -> list[str]:
    return list(stacks["network"]["resource"]["aws_subnet"])


def test_a_service_that_goes_away_is_shown_with_its_size() -> None:
    before, after = synthesized(), copy.deepcopy(synthesized())
    task_arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/langfuse-dev-worker:3"
    gone = []
    for type_, others in (("aws_ecs_service", {"task_definition": task_arn}), ("aws_ecs_task_definition", {})):
        name = address(type_, "worker", before).partition(".")[2]
        values = after["services"]["resource"][type_].pop(name)
        # A task definition's id is its family, which is also the service's name.
        ids = {"id": "langfuse-dev-worker", "arn": task_arn if type_ == "aws_ecs_task_definition" else f"{task_arn}/of"}
        gone.append(resource(f"{type_}.{name}", "destroy", {**values, **ids, **others, "iam_role": ""}))
    picture = planned(after, services=stack_plan("services", *gone))
    assert {(part.name, part.state) for part in picture.parts if part.state} == {("worker", DESTROYED)}
    assert next(part for part in picture.parts if part.name == "worker").details[1] == "1 vCPU, 4 GiB each"


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("plan.png", "must end with .svg"),
        ("missing/plan.svg", "can't be written: No such file or directory"),
        ("folder.svg", "is no regular file"),
    ],
)
def test_a_picture_that_can_not_be_written_is_refused_before_anything_is_planned(
    tmp_path: Path, file: str, reason: str
) -> None:
    (tmp_path / "folder.svg").mkdir()
    ran = ops_in_process("plan", "--picture", str(tmp_path / file), environment={"LANGFUSE_ENV": "missing"})
    assert_one_line(ran, "--picture", reason, code=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.svg"]


def test_a_picture_without_node_modules_says_what_to_run(tmp_path: Path) -> None:
    copy_project(tmp_path / "copy")
    ran = subprocess.run(
        [sys.executable, "-m", "ops", "plan", "--picture", str(tmp_path / "plan.svg")],
        cwd=tmp_path / "copy",
        capture_output=True,
        text=True,
        check=False,
    )
    assert_one_line(ran, NOT_INSTALLED)


def test_a_picture_in_the_folder_that_is_emptied_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_picture, "OUTDIR", tmp_path)
    with pytest.raises(typer.BadParameter, match="is emptied"), plan_picture.picture_file(tmp_path / "plan.svg"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def planned_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A stack whose plan is made without Terraform. It changes nothing, and its picture is ``drawn``."""

    def do_nothing(*_: object, **__: object) -> None:
        pass

    for name, other in (
        ("OUTDIR", tmp_path),
        ("REVIEWED", tmp_path / "plans"),
        ("run", do_nothing),
        ("stacks_in_order", lambda _: [StackManifest("data", tmp_path, ())]),
        ("refuse_what_is_there", do_nothing),
        ("endpoint_without_values", nullcontext),
        ("_plan", lambda *_: plan()),
        ("draw", lambda file, *_: file.write("drawn")),
    ):
        monkeypatch.setattr(ops_plan, name, other)
    (tmp_path / ops_plan.UNREVIEWED_PLAN).touch()
    return monkeypatch


def test_a_picture_that_can_not_be_drawn_costs_no_plan(planned_stack: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise OpsError("--picture: can't be drawn")

    planned_stack.setattr(ops_plan, "draw", fail)
    with pytest.raises(OpsError, match="drawn"):
        ops_plan._plan_all(None, None, StringIO(), False)  # type: ignore[arg-type]
    assert (tmp_path / SAVED_PLAN).exists()


def test_a_plan_that_is_refused_is_drawn_too(planned_stack: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planned_stack.setattr(ops_plan, "_plan", lambda *_: plan(resource("aws_db_instance.postgres", "destroy")))
    refused = ops_plan._plan_all(None, None, picture := StringIO(), False)  # type: ignore[arg-type]
    assert refused
    assert refused.exit_code == 3
    assert picture.getvalue() == "drawn"
    assert not (tmp_path / SAVED_PLAN).exists()


def test_a_layout_that_fails_is_no_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "check_installed", lambda: sys.executable)
    with pytest.raises(layout.LayoutError, match="ended with exit code 1"):
        layout.layout(drawn())
