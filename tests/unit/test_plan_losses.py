"""Tests that ``ops plan-review`` never lets data go without ``--allow``, whatever else a plan does."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from ops.review.losses import FOUNDATIONS, VERSION
from ops.review.references import HOLDS_DATA
from tests.unit.plans import Json, plan, resource, review

GONE = ("replace", "destroy", "forget")
OTHERS = ("aws_iam_role", "aws_ecs_service", "aws_cloudwatch_metric_alarm", "aws_route_table", "aws_security_group")
OTHER = "aws_sns_topic.other"
KINDS = ("none", "add", "change", "replace", "destroy", "forget")


def harmless(number: int, type_: str, kind: str) -> Json:
    return resource(f"{type_}.other-{number}", kind, {"a": 1}, {"a": 1 if kind == "none" else 2})


others = st.lists(st.tuples(st.sampled_from(OTHERS), st.sampled_from(KINDS)), max_size=6)


def exit_codes(plans: dict[str, Json], address: str) -> tuple[int, int, int]:
    """The exit codes without ``--allow``, with that of another address, and with that of this one."""
    other = plan(resource(OTHER, "add", None, {"a": 1}))
    plans = {**plans, "others": other}
    with TemporaryDirectory() as folder:
        return (
            review(Path(folder), plans).returncode,
            review(Path(folder), plans, "--allow", OTHER).returncode,
            review(Path(folder), plans, "--allow", address).returncode,
        )


@pytest.mark.parametrize("type_", sorted(HOLDS_DATA | FOUNDATIONS))
@settings(max_examples=3)
@given(
    kind=st.sampled_from(GONE),
    others=others,
    place=st.integers(0, 6),
    address=st.sampled_from(["{}.one", "{}.one[0]", 'module.a["x"].{}.one["a.b"]', "{}.with-dash"]),
    attributes=st.dictionaries(
        st.sampled_from(["id", "name", VERSION]), st.one_of(st.none(), st.integers()), max_size=3
    ),
)
def test_data_that_goes_is_refused(
    type_: str, kind: str, others: Any, place: int, address: str, attributes: Json
) -> None:
    address = address.format(type_)
    changes = [harmless(number, *other) for number, other in enumerate(others)]
    changes.insert(place, resource(address, kind, attributes, {**attributes, "name": "b"}))
    assert exit_codes({"data": plan(*changes)}, address) == (3, 3, 0)


@settings(max_examples=25)
@given(
    kind=st.sampled_from(GONE),
    foundation=st.sampled_from(OTHERS),
    data=st.sampled_from(sorted(HOLDS_DATA - {"aws_secretsmanager_secret", "aws_secretsmanager_secret_version"})),
    steps_there=st.integers(0, 2),
    steps_here=st.integers(0, 2),
    waits=st.booleans(),
    others=others,
)
def test_data_that_depends_on_what_goes_is_refused(
    kind: str, foundation: str, data: str, steps_there: int, steps_here: int, waits: bool, others: Any
) -> None:
    """The data of one stack refers to an output of another stack, both through other resources."""
    address = f"{foundation}.one"
    read = "${data.terraform_remote_state.network.outputs.cross-stack-output-one}"
    network = chain(address, steps_there)
    output = {"cross-stack-output-one": {"expression": {"references": [f"{network[-1]['address']}.id"]}}}
    here = chain(f"{OTHERS[0]}.reads", steps_here, first={"name": read})
    here.append({"address": f"{data}.one", "type": data, "expressions": {"x": f"${{{here[-1]['address']}.id}}"}})
    reader = {"configuration": {"root_module": {"resources": here}}}
    plans = {
        "services": plan(*(harmless(number, *other) for number, other in enumerate(others))),
        "network": plan(
            resource(address, kind, {"a": 1}, {"a": 2}),
            configuration={"root_module": {"resources": network, "outputs": output}},
        ),
        "data": {"waits_for": ["network"], **reader} if waits else plan(**reader),
    }
    assert exit_codes(plans, address) == (3, 3, 0)
    with TemporaryDirectory() as folder:
        assert f"lost too: `{data}.one` in data" in review(Path(folder), plans).stdout


def chain(address: str, steps: int, first: Json | None = None) -> list[Json]:
    """Configured resources, each of which refers to the one before it."""
    resources: list[Json] = [{"address": address, "type": address.partition(".")[0], "expressions": first or {}}]
    for number in range(steps):
        refers = {"references": [f"{resources[-1]['address']}.id", resources[-1]["address"]]}
        resources.append({"address": f"aws_subnet.step-{number}", "type": "aws_subnet", "expressions": {"x": refers}})
    return resources


def test_what_no_data_stands_on_may_go(tmp_path: Path) -> None:
    configuration = {"root_module": {"resources": chain("aws_nat_gateway.one", 0)}}
    network = plan(resource("aws_nat_gateway.one", "replace", {"a": 1}, {"a": 2}), configuration=configuration)
    data = plan(configuration={"root_module": {"resources": chain("aws_db_instance.one", 1)}})
    ran = review(tmp_path, {"network": network, "data": data})
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("### ⚠️ Replaces or destroys, but no data\n")


GROUP = resource("aws_security_group.firewall_postgres_A3C4D9FF", "replace", {"a": 1}, {"a": 2})
GROUP_OUTPUT = "cross-stack-output-aws_security_groupfirewall_postgres_A3C4D9FFid"
GROUP_CONFIGURATION = {
    "root_module": {
        "outputs": {GROUP_OUTPUT: {"expression": {"references": ["aws_security_group.firewall_postgres_A3C4D9FF.id"]}}}
    }
}


@pytest.mark.parametrize(
    "others", [{"configuration": GROUP_CONFIGURATION}, {"output_changes": {GROUP_OUTPUT: {"actions": ["update"]}}}]
)
def test_what_a_stack_of_unknown_contents_waits_for_is_refused(tmp_path: Path, others: Json) -> None:
    plans = {"network": plan(GROUP, **others), "data": {"waits_for": ["network"]}}
    ran = review(tmp_path, plans)
    assert ran.returncode == 3
    assert "is replaced, and the data that depends on it is lost too: data in data\n" in ran.stdout
    assert review(tmp_path, plans, "--allow", GROUP["address"]).returncode == 0
    plans = {"network": plan(GROUP, **others), "services": {"waits_for": ["data"]}}
    assert review(tmp_path, plans).returncode == 0


def test_loss_is_unknown_where_what_reads_a_stack_is_not_reviewed(tmp_path: Path) -> None:
    alone = review(tmp_path, {"network": plan(GROUP, configuration=GROUP_CONFIGURATION)})
    assert alone.returncode == 0
    assert alone.stdout.startswith("### ⚠️ Replaces or destroys; what reads network not planned: loss unknown\n")
    read = {"sg": f"${{data.terraform_remote_state.network.outputs.{GROUP_OUTPUT}}}"}
    reader = {"root_module": {"resources": chain("aws_ecs_service.one", 0, read)}}
    network = plan(GROUP, configuration=GROUP_CONFIGURATION)
    both = review(tmp_path, {"network": network, "services": plan(configuration=reader)})
    assert both.stdout.startswith("### ⚠️ Replaces or destroys, but no data\n")


def version(before: Json, after: Json, *paths: str, **others: Any) -> Json:
    """A replaced version of a secret, forced by the number of its value if nothing else is named."""
    address = "aws_secretsmanager_secret_version.one"
    forced = [[path] for path in paths or (VERSION,)]
    return resource(address, "replace", before, after, replace_paths=forced, **others)


def at(number: object, name: str = "database-password") -> Json:
    return {VERSION: number, "secret_id": f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:dev/{name}-AbCdEf"}


@pytest.mark.parametrize("secret", ["database-password", "database-url", "nextauth-secret"])
def test_a_documented_rotation_is_no_loss(tmp_path: Path, secret: str) -> None:
    ran = review(tmp_path, {"data": plan(version(at(1, secret), at(2, secret)))})
    assert ran.returncode == 0, ran.stdout
    assert "- `aws_secretsmanager_secret_version.one`: 1 → 2" in ran.stdout.partition("**Gets a new value")[2]


@pytest.mark.parametrize(
    "change",
    [
        version(at(1, "salt"), at(2, "salt")),
        version(at(1, "encryption-key"), at(2, "encryption-key")),
        version(at(1, "clickhouse-url"), at(2, "clickhouse-url")),
        version(at(1, "nextauth/salt"), at(2, "nextauth/salt")),
        version(at(2), at(1)),
        version(at(1), at(1)),
        version(at(1), at("2")),
        version(at(1), at(2, "another")),
        version({VERSION: 1}, {VERSION: 2}),
        version(at(1), at(2), "secret_string"),
        version(at(1), at(2), after_unknown={"secret_id": True}),
        version(at(1), at(2), VERSION, "secret_id"),
        resource("aws_secretsmanager_secret_version.one", "destroy", at(1)),
    ],
)
def test_every_other_new_value_of_a_secret_is_a_loss(tmp_path: Path, change: Json) -> None:
    assert review(tmp_path, {"data": plan(change)}).returncode == 3


SECRETS_OF_FIRST = [
    resource(f"aws_secretsmanager_{type_}_{hash_}", "destroy", {"id": "arn"})
    for type_, hash_ in (
        ("secret.first_user-password_secret", "9C452449"),
        ("secret_version.first_user-password_version", "C3541D30"),
        ("secret.first_project-secret-key_secret", "9CB936C8"),
    )
]


def test_the_secrets_of_the_first_user_may_go(tmp_path: Path) -> None:
    """Langfuse has stored them: the user, the project and its keys stay."""
    ran = review(tmp_path, {"data": plan(*SECRETS_OF_FIRST)})
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("### ⚠️ Replaces or destroys, but no data\n")
    assert "Langfuse keeps its user and its project with the keys; no task of web starts until" in ran.stdout


@pytest.mark.parametrize(
    "name", ["first_other_secret_9C452449", "application_salt_secret_9C452449", "first_user-password"]
)
def test_other_secrets_may_not(tmp_path: Path, name: str) -> None:
    other = resource(f"aws_secretsmanager_secret.{name}", "destroy", {"id": "arn"})
    assert review(tmp_path, {"data": plan(*SECRETS_OF_FIRST, other)}).returncode == 3
