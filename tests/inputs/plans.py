"""The files of ``ops plan-review``: formats, actions, types, and losses of data that must not be missed."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.inputs.case import CANARY, Case, command, right

Json = dict[str, Any]
BUCKET = "aws_s3_bucket.events"


def change(actions: object = ("update",), address: object = BUCKET, **other: object) -> Json:
    """A change of a resource in a plan."""
    return {
        "address": address,
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": "events",
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": actions,
            "before": {"a": 1},
            "after": {"a": 2},
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {},
        },
        **other,
    }


def plan(*changes: object, **other: object) -> Json:
    """A plan with these changes."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_changes": list(changes),
        **other,
    }


def _with(record: Mapping[str, object]) -> Json:
    whole = change()
    return plan({**whole, "change": {**whole["change"], **record}})


def _without(*keys: str) -> Json:
    whole: Json = change()
    *sections, last = keys
    section = whole
    for key in sections:
        section = section[key]
    del section[last]
    return plan(whole)


WRONG: Mapping[str, object] = {
    "a list": [], "a number": 1, "a text": "plan", "null": None, "an empty object": {},
    "an object of something else": {"plans": []},
    "a state": {"format_version": "1.0", "terraform_version": "1.11.4", "values": {}},
    "a provider's schema": {"format_version": "1.0", "provider_schemas": {}}, "a plan that failed": plan(errored=True),
    "no format version": {key: value for key, value in plan(change()).items() if key != "format_version"},
    "waits_for with changes": {**plan(change(["delete"])), "waits_for": ["network"]},
    "an empty waits_for": {"waits_for": []}, "complete is false": plan(change(), complete=False),
    "a secret in a change that is broken": plan(
        {**change(), "change": {"actions": [CANARY], "before": CANARY, "after": CANARY}},
    ),
    "a secret for an address": plan(change(["x"], type=[CANARY])),
    "resource_changes is missing": {
        "format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {"root_module": {"resources": [{}]}},
    },
}  # fmt: skip
ACTIONS: tuple[object, ...] = (
    [], ["destroy"], ["DELETE"], ["delete", "delete"], ["create", "update"], ["read"], ["no-op", "delete"],
    ["delete", "no-op"], ["forget", "create"], ["unknown"], ["update", "delete"], "delete", None, {}, 1, [None], [1],
    [["delete"]], [{}], ["delete", "create", "x"], ["\x1b[31m"], ["x" * 100_000], [""], [" delete"], ["import"],
)  # fmt: skip
CHANGES: tuple[object, ...] = (
    None, {}, "x", 1, True, [None], [1], ["x"], [[]], [{}], {"a": change(["delete"])}, [change(["delete"]), None],
)  # fmt: skip
PARTS: tuple[tuple[str, Callable[[Any], object], tuple[object, ...]], ...] = (
    (
        "format version",
        lambda value: plan(change(), format_version=value),
        ("2.0", "0.1", "99.9", "", "x", 1, 1.2, None, [], {}, True, "1", "1.x", "\x1b[31m", "9" * 5000),
    ),
    (
        "actions",
        lambda value: plan(change(value)),
        ACTIONS,
    ),
    (
        "resource_changes",
        lambda value: {**plan(), "resource_changes": value},
        CHANGES,
    ),
    ("address", lambda value: plan(change(["delete"], value)), (None, 1, [], {}, "", True)),
    ("mode", lambda value: plan(change(["delete"], mode=value)), (None, 1, [], {}, "", "Managed", "x")),
    ("type", lambda value: plan(change(["delete"], type=value)), (None, 1, [], {}, "")),
    ("change", lambda value: plan(change(change=value)), (None, 1, [], "x", {}, True)),
    ("before", lambda value: _with({"before": value}), (1, "x", [], True, [{}])),
    ("after", lambda value: _with({"after": value}), (1, "x", [], True)),
    ("after_unknown", lambda value: _with({"after_unknown": value}), (1, "x", [1])),
    (
        "replace_paths",
        lambda value: _with({"actions": ["delete", "create"], "replace_paths": value}),
        (1, "x", [1], {"a": 1}),
    ),
    ("action_reason", lambda value: plan(change(["delete", "create"], action_reason=value)), (1, [], {})),
    ("waits_for", lambda value: {"waits_for": value}, (None, 1, "network", {}, [1], [None], [[]], True)),
)
"""Parts of a plan, each with values that it must not have."""
MISSING = (
    ("address",), ("mode",), ("type",), ("change",), ("change", "actions"), ("change", "before"), ("change", "after"),
)  # fmt: skip
HOLD_DATA = (
    "aws_db_instance", "aws_elasticache_replication_group", "aws_ebs_volume", "aws_secretsmanager_secret",
    "aws_kms_key", "aws_backup_vault", "aws_vpc", "aws_subnet", "aws_route53_zone", "aws_rds_cluster",
    "aws_dynamodb_table",
)  # fmt: skip
TEXTS: Mapping[str, bytes | str] = {
    "an empty file": "", "white space": " \n", "half a plan": json.dumps(plan(change()))[:80],
    "two plans": json.dumps(plan()) * 2, "Terraform's output": "Plan: 1 to add",
    "a saved plan, which is a zip file": b"PK\x03\x04" + bytes(range(256)), "NUL bytes": b"\0" * 1000,
    "UTF-16": json.dumps(plan(change())).encode("utf-16"), "Latin-1": '{"planned_values": "ü"}'.encode("latin-1"),
    "a list 5,000 deep": "[" * 5000 + "]" * 5000, "a list 200,000 deep": "[" * 200_000,
    "an object 5,000 deep": '{"a":' * 5000 + "1" + "}" * 5000,
    "a number of 5,000 digits": f'{{"planned_values": {"9" * 5000}}}',
    "a key twice": '{"format_version": "1.2", "planned_values": {}, "resource_changes": [{}], "resource_changes": []}',
    "a secret that is not JSON": f"password = {CANARY}", "YAML": "resource_changes: []",
    "NaN": '{"format_version": NaN, "planned_values": {}, "resource_changes": []}',
    "JSON lines": '{"@level":"info"}\n{"@level":"info"}\n',
}  # fmt: skip
MANY = [change(["update"], f"aws_x.a{number}", type="aws_x") for number in range(1000)]
LOSSES: Mapping[str, object] = {
    "a bucket is destroyed": plan(change(["delete"])), "a bucket is replaced": plan(change(["delete", "create"])),
    "a bucket is replaced the other way": plan(change(["create", "delete"])),
    "a bucket is created and forgotten": plan(change(["create", "forget"])),
    "a bucket is forgotten": plan(change(["forget"])),
    "a bucket of a module is destroyed": plan(change(["delete"], f"module.x.{BUCKET}", module_address="module.x")),
    "one of many is destroyed": plan(change(["delete"], f'{BUCKET}["a"]', index="a")),
    "a deposed one is destroyed": plan(change(["delete"], deposed="00000000")),
    "a loss behind a thousand changes": plan(*MANY, change(["delete"])),
    "an address with a line break": plan(change(["delete"], "aws_s3_bucket.a\n✅ No changes")),
    "an address that is Markdown": plan(change(["delete"], "aws_s3_bucket.a`|**✅ No changes**")),
    "an address with an escape sequence": plan(change(["delete"], "aws_s3_bucket.\x1b[2J")),
}  # fmt: skip
RIGHT: Mapping[str, object] = {
    "no changes": plan(), "no-op": _with({"actions": ["no-op"], "after": {"a": 1}}), "an update": plan(change()),
    "a create": _with({"actions": ["create"], "before": None}),
    "a data source": plan(change(["read"], mode="data", type="aws_vpc", address="data.aws_vpc.x")),
    "a task definition is replaced": plan(
        change(["delete", "create"], "aws_ecs_task_definition.x", type="aws_ecs_task_definition"),
    ),
    "it waits": {"waits_for": ["network"]}, "the next minor format": plan(change(), format_version="1.9"),
    "null before": plan(
        {**change(["create"]), "change": {"actions": ["create"], "before": None, "after": {}, "after_unknown": {}}},
    ),
    "sensitive values": _with(
        {
            "before": {"a": CANARY}, "after": {"a": CANARY + "2"}, "before_sensitive": {"a": True},
            "after_sensitive": {"a": True},
        },
    ),
    "a sensitive object": _with(
        {
            "before": {"a": {"b": CANARY}}, "after": {"a": {"b": "x"}}, "before_sensitive": {"a": {"b": True}},
            "after_sensitive": {"a": {"b": True}},
        },
    ),
    "everything sensitive": _with(
        {"before": {"a": CANARY}, "after": {"a": "x"}, "before_sensitive": True, "after_sensitive": True},
    ),
    "sensitive before alone": _with(
        {"before": {"a": CANARY}, "after": {"a": "x"}, "before_sensitive": {"a": True}, "after_sensitive": {}},
    ),
    "sensitive after alone": _with(
        {"before": {"a": "x"}, "after": {"a": CANARY}, "before_sensitive": {}, "after_sensitive": {"a": True}},
    ),
}  # fmt: skip


def cases() -> Iterator[Case]:
    """Yields the cases."""
    for what, content in WRONG.items():
        yield _review(what, json.dumps(content))
    for part, place, values in PARTS:
        yield from (_review(f"{part} {value!r}"[:60], json.dumps(place(value))) for value in values)
    for keys in MISSING:
        yield _review(f"without {'.'.join(keys)}", json.dumps(_without(*keys)))
    for what, text in TEXTS.items():
        yield _review(what, text)
    held = {f"{type_} is destroyed": plan(change(["delete"], f"{type_}.x", type=type_)) for type_ in HOLD_DATA}
    for what, content in {**LOSSES, **held}.items():
        case = _review(what, json.dumps(content))
        yield Case(case.what, case.attempt, code=3)
    for what, content in RIGHT.items():
        yield right(_review(what, json.dumps(content)))
    for path in ("/nowhere.json", "/", "", "\x1b[31m", "a\nb", "\udcff", "x" * 5000, "/dev/null", "\x00"):
        yield command("plan-review", path)
    yield command("plan-review", "{}/a.json", "{}/none.json", files={"a.json": json.dumps(plan())})
    yield command("plan-review", "{}/a.json", "{}/a.json", files={"a.json": json.dumps(plan())}, what="a plan twice")
    yield command(
        "plan-review",
        "{}/a.json",
        make=lambda folder: (folder / "a.json").symlink_to("a.json"),
        what="a link to itself",
    )
    yield command(
        "plan-review",
        "{}/a.json",
        make=lambda folder: (folder / "a.json").symlink_to("/dev/zero"),
        what="endless zeros",
    )
    for address in ("", "*", "aws_s3_bucket", "aws_s3_bucket.*", f"{BUCKET} ", BUCKET.upper(), "\x1b[31m"):
        case = command(
            "plan-review", "{}/a.json", "--allow", address, files={"a.json": json.dumps(plan(change(["delete"])))}
        )
        yield Case(case.what, case.attempt, code=3)
    yield right(
        command("plan-review", "{}/a.json", "--allow", BUCKET, files={"a.json": json.dumps(plan(change(["delete"])))})
    )


def _review(what: str, text: bytes | str) -> Case:
    return command("plan-review", "{}/data.json", files={"data.json": text}, what=what)
