"""Tests that text in settings reaches Terraform as text, whatever it says."""

import json
import re
import subprocess

import pytest
from cdktf import TerraformOutput, TerraformResource, TerraformStack, Testing as CdktfTesting
from hypothesis import Phase, given, settings

from modules.data.clickhouse.instance import BOOT_SCRIPT, _user_data
from modules.literals import NOTHING, literal, with_literals
from tests.environments import ENVIRONMENTS, RUNNING, load
from tests.literals import (
    MARKERS_OF_CDKTF,
    SEQUENCES,
    container_definitions,
    environments,
    settings_with_sequences,
    stacks,
    variables_of_containers,
)
from tests.synthesis import app

SETTINGS = settings_with_sequences()
TEMPLATE = re.compile(rf"\$\${{|%%{{|{re.escape(NOTHING)}|\${{|%{{")
MEANINGS = {"$${": "${", "%%{": "%{", NOTHING: "", "${": "<expression ", "%{": "<directive "}


def evaluated(text: str) -> str:
    """Evaluates a template as Terraform does. Expressions and directives are left, and marked."""
    return TEMPLATE.sub(lambda match: MEANINGS[match[0]], text)


def test_variables_accept_all_sequences() -> None:
    assert SETTINGS.hostile["langfuse.environment"] == {"LANGFUSE_ANY_TEXT": "any" + "".join(SEQUENCES)}


@pytest.mark.parametrize("stack", ["network", "data", "services"])
def test_sequences_are_text_wherever_settings_accept_them(stack: str) -> None:
    """Nothing else in the JSON depends on them, addresses of resources and tokens of other values included."""
    expected = evaluated(stacks(SETTINGS.harmless)[stack].text)
    for word, sequences in SETTINGS.sequences.items():
        expected = expected.replace(word, sequences)
    lines = zip(evaluated(stacks(SETTINGS.hostile)[stack].text).split("\n"), expected.split("\n"), strict=True)
    assert [line for line, expected_line in lines if line != expected_line] == []


@settings(max_examples=4, deadline=None, phases=[Phase.generate])
@given(environments(25))
def test_any_variable_of_the_containers_is_text(environment: dict[str, str]) -> None:
    for definitions in container_definitions({"langfuse.environment": environment}):
        assert environment.items() <= variables_of_containers(evaluated(definitions)).items()


@pytest.mark.parametrize("stack", ["network", "data", "services"])
def test_no_wildcard_of_a_setting_is_in_a_policy(stack: str) -> None:
    hostile, harmless = stacks(SETTINGS.hostile)[stack], stacks(SETTINGS.harmless)[stack]
    assert hostile.resources("aws_iam_role_policy") == harmless.resources("aws_iam_role_policy")


@pytest.mark.parametrize("setting", ["region", "state"])
def test_what_is_no_template_accepts_no_sequence(setting: str) -> None:
    """Terraform reads the block of a backend without evaluating it: an escape would stay in it."""
    assert [key for key in SETTINGS.hostile if key.partition(".")[0] == setting] == []


@pytest.mark.parametrize("value", MARKERS_OF_CDKTF)
def test_what_cdktf_takes_for_a_token_is_text(value: str) -> None:
    (provider,) = stacks({"tags": {"Team": value}})["network"].json["provider"]["aws"]
    assert evaluated(provider["default_tags"][0]["tags"]["Team"]) == value


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_settings_without_sequences_are_as_they_were(environment: str) -> None:
    loaded = load(environment, RUNNING)
    assert with_literals(loaded) == loaded


def test_the_escapes_of_the_boot_script_are_its_own() -> None:
    (instance,) = app()["data"].resources("aws_instance").values()
    assert evaluated(instance["user_data"]).endswith(BOOT_SCRIPT.read_text().partition("\n")[2])


def test_a_value_above_the_boot_script_is_not_run() -> None:
    hostile = "".join(SEQUENCES) + "'; echo run; '$(echo run)`echo run`\"\\"
    head = _user_data("https://packages.example.com/", VALUE=hostile).partition("\nset -euo")[0]
    ran = subprocess.run(
        ["bash", "-c", f'{head}\nprintf %s "$VALUE"'], capture_output=True, text=True, check=True, timeout=10
    )
    assert ran.stdout == hostile


def test_a_token_after_an_unclosed_sequence_is_still_an_expression() -> None:
    stack = TerraformStack(CdktfTesting.app(), "stack")
    token = TerraformResource(stack, "any", terraform_resource_type="terraform_data").get_string_attribute("id")
    TerraformOutput(stack, "text", value=f"{literal('${a')} {token}")
    assert json.loads(CdktfTesting.synth(stack))["output"]["text"]["value"] == "$${a ${terraform_data.any.id}"
