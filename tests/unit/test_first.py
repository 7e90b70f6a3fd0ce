"""Tests of the section first: what Langfuse gets, which secrets are made, and what is refused."""

import json
from typing import Any

import pytest

from settings import SettingsError
from settings.secret_variables import FIRST_SECRETS, secret_name_output
from settings.variables.groups import GROUPS
from tests.environments import ENVIRONMENTS, FIRST, RUNNING, load
from tests.synthesis import SynthesizedStack, app

ORGANIZATION, PROJECT, USER_EMAIL = FIRST
SET = {**RUNNING, **FIRST}
SECRET_NAMES = {"first-user-password", "first-project-public-key", "first-project-secret-key"}
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mine-AbCdEf"


def container(services: SynthesizedStack, service: str) -> dict[str, Any]:
    (definition,) = [
        task for task in services.resources("aws_ecs_task_definition").values() if task["family"].endswith(service)
    ]
    (only,) = json.loads(definition["container_definitions"])
    return dict(only)


def refusal(**variables: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load("dev", variables)
    return str(refused.value)


def test_web_gets_all_that_langfuse_needs_to_create_them() -> None:
    """Langfuse ignores a part of them in silence: https://github.com/langfuse/langfuse/blob/v4.16.0/web/src/env.mjs"""
    web = container(app("dev", SET)["services"], "-web")
    variables = {entry["name"]: entry["value"] for entry in web["environment"]}
    secrets = {entry["name"] for entry in web["secrets"]}
    assert {name: value for name, value in variables.items() if "_INIT_" in name} == {
        "LANGFUSE_INIT_ORG_ID": "first-organization",
        # As Terraform must read it.
        "LANGFUSE_INIT_ORG_NAME": FIRST[ORGANIZATION].replace("${", "$${").replace("%{", "%%{"),
        "LANGFUSE_INIT_PROJECT_ID": "first-project",
        "LANGFUSE_INIT_PROJECT_NAME": "Web",
        "LANGFUSE_INIT_USER_EMAIL": FIRST[USER_EMAIL],
        "LANGFUSE_INIT_USER_NAME": "Administrator",
    }
    assert {name for name in secrets if "_INIT_" in name} == set(FIRST_SECRETS)
    needed = {
        need for group in GROUPS if group.when[0].startswith("LANGFUSE_INIT_PROJECT_P") for need in group.needs
    } | {need for group in GROUPS if group.when == ("LANGFUSE_INIT_USER_*",) for need in group.needs}
    assert needed <= {*variables, *secrets}


def test_only_web_gets_the_secrets() -> None:
    services = app("dev", SET)["services"]
    assert {entry["name"] for entry in container(services, "-worker")["secrets"]} & set(FIRST_SECRETS) == set()
    for role, may in {"web": True, "worker": False}.items():
        policies = [
            policy["policy"] for name, policy in services.resources("aws_iam_role_policy").items() if role in name
        ]
        assert ("first_project-secret-key" in "".join(policies)) is may


def test_the_ids_are_not_those_of_the_names() -> None:
    """With another ID, Langfuse would create a second organization or project."""
    renamed = {**SET, ORGANIZATION: "Other", PROJECT: "Other"}
    ids = [
        {entry["value"] for entry in container(app("dev", given)["services"], "-web")["environment"] if _is_id(entry)}
        for given in (SET, renamed)
    ]
    assert ids == [{"first-organization", "first-project"}] * 2


def _is_id(entry: dict[str, str]) -> bool:
    return entry["name"] in ("LANGFUSE_INIT_ORG_ID", "LANGFUSE_INIT_PROJECT_ID")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_values_are_generated_while_terraform_runs(environment: str) -> None:
    data = app(environment, SET)["data"]
    found = {
        secret["name"].partition("/")[2]: data.resource(
            "aws_secretsmanager_secret_version", secret_id=f"${{aws_secretsmanager_secret.{id_}.id}}"
        )
        for id_, secret in data.resources("aws_secretsmanager_secret").items()
        if "/first-" in secret["name"]
    }
    random = {
        name: f"${{ephemeral.aws_secretsmanager_random_password.{name.replace('-', '_', 1).replace('-', '_')}_value"
        ".random_password}"
        for name in SECRET_NAMES
    }
    assert {name: version["secret_string_wo"] for name, version in found.items()} == {
        "first-user-password": random["first-user-password"],
        "first-project-public-key": "pk-lf-" + random["first-project-public-key"],
        "first-project-secret-key": "sk-lf-" + random["first-project-secret-key"],
    }
    assert {version["secret_string_wo_version"] for version in found.values()} == {1}
    passwords = data.json["ephemeral"]["aws_secretsmanager_random_password"]
    values = [
        passwords[f"first_{part}_value"] for part in ("user_password", "project_public_key", "project_secret_key")
    ]
    assert values == [{"exclude_punctuation": True, "password_length": 32}] * 3
    days = load(environment).secrets.recovery_window_days
    for name in SECRET_NAMES:
        secret = data.resource("aws_secretsmanager_secret", name=f"langfuse-{environment}/{name}")
        assert secret["recovery_window_in_days"] == days


def test_outputs_name_the_secrets() -> None:
    outputs = app("dev", SET)["data"].json["output"]
    names = {outputs[secret_name_output(variable)]["value"] for variable in FIRST_SECRETS}
    assert names == {f"langfuse-dev/{name}" for name in SECRET_NAMES}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_without_the_section_there_is_nothing_of_it(environment: str) -> None:
    for stack in app(environment, RUNNING).values():
        assert "_INIT_" not in stack.text.upper()
        assert "first" not in stack.text


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((ORGANIZATION,), "project and user_email"),
        ((PROJECT,), "organization and user_email"),
        ((USER_EMAIL,), "organization and project"),
        ((ORGANIZATION, PROJECT), "user_email"),
        ((ORGANIZATION, USER_EMAIL), "project"),
        ((PROJECT, USER_EMAIL), "organization"),
    ],
)
def test_all_three_or_none(given: tuple[str, ...], missing: str) -> None:
    line = refusal(**{variable: FIRST[variable] for variable in given})
    assert line.startswith(f"{given[0]}: first.")
    assert f"needs {missing} beside it" in line


@pytest.mark.parametrize("table", ["ENVIRONMENT", "SECRETS"])
@pytest.mark.parametrize("variable", ["LANGFUSE_INIT_ORG_ID", "LANGFUSE_INIT_PROJECT_NAME", *FIRST_SECRETS])
def test_a_variable_of_the_section_is_set_once(variable: str, table: str) -> None:
    value = ARN if table == "SECRETS" else "x"
    if table == "ENVIRONMENT" and variable in FIRST_SECRETS:
        return  # It is refused as a secret in the wrong place.
    line = refusal(**FIRST, **{f"LANGFUSE_AWS__LANGFUSE__{table}__{variable}": value})
    assert f"langfuse.{table.lower()}.{variable}" in line
    assert "is set by the section first too" in line


def test_a_default_organization_must_be_the_first_one() -> None:
    """New users get no access to one that does not exist (langfuse/langfuse#2016)."""
    variable = "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT__LANGFUSE_DEFAULT_ORG_ID"
    load("dev", {**FIRST, variable: "first-organization"})
    assert "must be the value of LANGFUSE_INIT_ORG_ID" in refusal(**FIRST, **{variable: "acme"})


@pytest.mark.parametrize(
    "email",
    ["o/ps@example.com", "ops!@example.com", "ops'@example.com", "o#ps@example.com", "ops@example.xn--p1ai"],
)
def test_an_address_that_langfuse_would_not_start_with(email: str) -> None:
    assert "Langfuse accepts no other address" in refusal(**{**FIRST, USER_EMAIL: email})


@pytest.mark.parametrize("variable", [ORGANIZATION, PROJECT])
@pytest.mark.parametrize("name", ["ab", "x" * 61, "<b>acme</b>", " acme", "acme\n", "a\tb", "acme\u202e"])
def test_a_name_that_langfuse_would_not_save(variable: str, name: str) -> None:
    assert refusal(**{**FIRST, variable: name}).startswith(f"{variable}: first.")
