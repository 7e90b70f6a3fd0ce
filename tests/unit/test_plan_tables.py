"""Tests of the tables by which ``ops plan-review`` tells what a plan does: each row of each is tried."""

import sysconfig
from pathlib import Path
from typing import Any

import pytest

from ops.review import harmless, interruptions, losses, one_way, protections, references
from tests.unit.plans import Json, plan, resource, review

PROVIDER = Path(sysconfig.get_path("purelib"), "cdktf_cdktf_provider_aws")
WORSE: dict[Any, tuple[Any, Any]] = {
    protections.off: (True, False),
    protections.on: (False, True),
    protections.fewer: (7, 1),
    protections.sooner: (0, 1),
    protections.gone: (["a"], []),
    protections.in_clear: ("HTTPS", "HTTP"),
    protections.without_kms: ("aws:kms", "AES256"),
    protections.older_tls: ("TLSv1.2_2021", "TLSv1_2016"),
    protections.expires: ([], [{"days": 1}]),
    protections.with_expiry: ([], [{"expiration": [{"days": 1}]}]),
}


def nested(argument: str, value: Any) -> Json:
    """The argument inside its blocks."""
    name, _, inner = argument.partition(".")
    return {name: [nested(inner, value)] if inner else value}


@pytest.mark.parametrize(("type_", "row"), [(type_, row) for type_, rows in protections.TABLE.items() for row in rows])
def test_each_protection_is_told_when_it_is_loosened(tmp_path: Path, type_: str, row: Any) -> None:
    argument, weaker, words = row
    worse, better = (nested(argument, value) for value in reversed(WORSE[weaker]))
    told = f"- `{type_}.one`: {words}"
    ran = review(tmp_path, {"data": plan(resource(f"{type_}.one", "change", better, worse))})
    assert told in ran.stdout.partition("**Protects less**")[2]
    ran = review(tmp_path, {"data": plan(resource(f"{type_}.one", "change", worse, better))})
    assert "**Protects less**" not in ran.stdout
    hidden = {"after_sensitive": {argument.split(".")[0]: True}}
    ran = review(tmp_path, {"data": plan(resource(f"{type_}.one", "change", better, worse, **hidden))})
    assert f"{told}\n" in ran.stdout


@pytest.mark.parametrize("type_", protections.REMOVED)
def test_what_protects_by_being_there_is_told_when_it_goes(tmp_path: Path, type_: str) -> None:
    ran = review(tmp_path, {"data": plan(resource(f"{type_}.one", "destroy", {"a": 1}))})
    assert f"- `{type_}.one`: {protections.REMOVED[type_]} → none" in ran.stdout


@pytest.mark.parametrize(
    ("before", "after", "is_older"),
    [
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", False),
        ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-2-2021-06", True),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06", False),
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS-1-2-2017-01", True),
        ("ELBSecurityPolicy-FS-1-2-Res-2019-08", "ELBSecurityPolicy-FS-2018-06", True),
        ("TLSv1.2_2019", "TLSv1.2_2021", False),
        ("TLSv1.2_2019", "TLSv1.1_2016", True),
        ("TLSv1", "SSLv3", True),
        ("TLSv1.2_2021", "a new one", True),
    ],
)
def test_older_policies_of_tls(before: str, after: str, is_older: bool) -> None:
    assert protections.older_tls(before, after) is is_older


ARGUMENTS = {
    type_: {
        *(argument for argument, _, _ in protections.TABLE.get(type_, ())),
        *interruptions.RESTARTS.get(type_, ()),
        *(argument for argument, _, _ in interruptions.CHANGED.get(type_, ())),
        *harmless.ARGUMENTS.get(type_, ()),
        *([one_way.SIZES[type_]] if type_ in one_way.SIZES else []),
        *(interruptions.DEPLOYS if type_ == "aws_ecs_service" else []),
    }
    for type_ in {
        *protections.TABLE,
        *interruptions.RESTARTS,
        *interruptions.CHANGED,
        *harmless.ARGUMENTS,
        *one_way.SIZES,
    }
}
TYPES = {
    *ARGUMENTS,
    *protections.REMOVED,
    *interruptions.WHILE_GONE,
    *interruptions.ONCE_DESTROYED,
    *interruptions.DNS,
    *harmless.KINDS.keys() - {"terraform_data"},
    *one_way.VERSIONS,
    *losses.FOUNDATIONS,
    *references.HOLDS_DATA,
}


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_the_provider_has_what_the_tables_name(type_: str) -> None:
    """What is misspelt would never be found in a plan."""
    bindings = PROVIDER / type_.removeprefix("aws_") / "__init__.py"
    assert bindings.exists()
    names = {name for argument in ARGUMENTS.get(type_, ()) for name in argument.split(".")}
    assert {name for name in names if f"def {name}(" not in bindings.read_text()} == set()


def test_a_log_group_is_empty_after_a_replacement(tmp_path: Path) -> None:
    ran = review(
        tmp_path, {"data": plan(resource("aws_cloudwatch_log_group.one", "replace", {"name": "a"}, {"name": "b"}))}
    )
    assert "**Protects less**\n- `aws_cloudwatch_log_group.one`: logs → none\n" in ran.stdout


@pytest.mark.parametrize(
    ("type_", "before", "after", "is_told"),
    [
        ("aws_db_instance", "15.4", "16.1", True),
        ("aws_db_instance", "16.1", "16.3", False),
        ("aws_rds_cluster", "15.4", "16.1", True),
        ("aws_elasticache_replication_group", "7.0", "7.1", True),
        ("aws_elasticache_replication_group", "7.1.0", "7.1.1", False),
    ],
)
def test_versions_without_a_way_back(tmp_path: Path, type_: str, before: str, after: str, is_told: bool) -> None:
    change = resource(f"{type_}.one", "change", {"engine_version": before}, {"engine_version": after})
    ran = review(tmp_path, {"data": plan(change)})
    told = f"- `{type_}.one`: engine_version {before} → {after}: no way back"
    assert (told in ran.stdout.partition("**No way back**")[2]) == is_told


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([{"id": "a", "expiration": [{"days": 30}]}], "objects expire none → "),
        ([{"id": "a", "expiration": []}, {"id": "b", "expiration": [{"days": 30}]}], "a rule deletes objects none → "),
        ([{"id": "a", "noncurrent_version_expiration": [{"noncurrent_days": 7}]}], "deleted objects expire"),
        ([{"id": "a", "expiration": [{"expired_object_delete_marker": True}]}], ""),
        ([{"id": "b", "transition": [{"days": 7}]}, {"id": "a", "expiration": []}], ""),
    ],
)
def test_new_expiry(tmp_path: Path, rules: list[Json], says: str) -> None:
    address = "aws_s3_bucket_lifecycle_configuration.one"
    before = {"rule": [{"id": "a", "expiration": []}]}
    ran = review(tmp_path, {"data": plan(resource(address, "change", before, {"rule": rules}))})
    assert f"- `{address}`: {says}" in ran.stdout.partition("**Protects less**")[2] or not says
    assert ("**Protects less**" in ran.stdout) == bool(says)


def test_blocks_are_compared_by_their_names(tmp_path: Path) -> None:
    """Terraform orders a set by its values: the parameter that stays is at another place afterwards."""
    address = "aws_db_parameter_group.one"
    ssl, slow = {"name": "rds.force_ssl", "value": "1"}, {"name": "log_min_duration_statement", "value": "500"}
    before = {"parameter": [ssl, slow]}
    after = {"parameter": [{**slow, "value": "900"}, ssl]}
    ran = review(tmp_path, {"data": plan(resource(address, "change", before, after))})
    assert f"- change `{address}`: parameter.value 500 → 900\n" in ran.stdout
    assert "**Protects less**" not in ran.stdout
    ran = review(tmp_path, {"data": plan(resource(address, "change", before, {"parameter": [slow]}))})
    assert f"- `{address}`: parameters, such as rds.force_ssl" in ran.stdout
    other = {"parameter": [slow, {"name": "work_mem", "value": "1"}]}
    ran = review(tmp_path, {"data": plan(resource(address, "change", before, other))})
    assert f"- `{address}`: parameters, such as rds.force_ssl" in ran.stdout
