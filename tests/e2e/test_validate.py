"""Tests that Terraform accepts the JSON of each environment, with each choice and each combination of settings."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings, strategies as st

from policy_scan.checkov import findings
from policy_scan.configuration import acceptances, merged, synthesized as scanned
from setup import LOCK_FILE
from tests.combinations import Combination, combinations, covering
from tests.e2e.conftest import run
from tests.environments import EC2, EDGE, ENVIRONMENTS, EXTERNAL, RUNNING

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("reviews")]

CHOICES = {
    "clickhouse-ec2": EC2,
    "clickhouse-external": EXTERNAL,
    "running": RUNNING,
    "domain": {
        "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
        "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z0123456789",
    },
    "cloudfront": {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"},
    "edge": EDGE,
    "ingress": {"LANGFUSE_AWS__INGRESS__WAF": "true", "LANGFUSE_AWS__INGRESS__ACCESS_LOGS": "true"},
    "existing-vpc": {
        "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-0123456789abcdef0",
        "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-00000001", "subnet-00000002"]',
        "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-00000003", "subnet-00000004"]',
    },
}


COVERING = (("dev", "eu-central-1"), ("prod", "us-gov-west-1"), ("prod", "cn-north-1"))


def synthesized(environment: str, overrides: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Returns the JSON of each stack, by the stack's name."""
    # Imported here, because it starts jsii's Node.js, which most test processes do not need.
    from tests.synthesis import app

    return {name: json.loads(stack.text) for name, stack in app(environment, overrides).items()}


def validate(terraform: str, folder: Path, chosen: Mapping[str, tuple[str, Mapping[str, str]]]) -> list[dict[str, Any]]:
    """Returns the diagnostics of one ``terraform validate`` for all stacks, each as a module: starting it is slow.

    Modules have no backend, because only the root module may have one. They share the root's providers, because each
    block would start another provider process.

    Args:
        terraform: the path of Terraform.
        folder: an empty folder.
        chosen: the environments with their variables, by what the modules' names start with.
    """
    modules = {}
    providers: dict[str, Any] = {}
    for prefix, (environment, overrides) in chosen.items():
        for stack, module in synthesized(environment, overrides).items():
            name = f"{prefix}_{stack}"
            (folder / name).mkdir()
            own = {provider.get("alias"): provider for provider in module.pop("provider")["aws"]}
            providers |= own
            aliased = [f"aws.{alias}" for alias in own if alias]
            del module["terraform"]["backend"]
            module["terraform"]["required_providers"]["aws"]["configuration_aliases"] = aliased
            (folder / name / "cdk.tf.json").write_text(json.dumps(module))
            modules[name] = {"source": f"./{name}", "providers": {name: name for name in ("aws", *aliased)}}
    main = {"module": modules, "provider": {"aws": list(providers.values())}}
    (folder / "main.tf.json").write_text(json.dumps(main))
    shutil.copy(LOCK_FILE, folder)
    run(terraform, folder, "init", "-backend=false", "-lockfile=readonly", "-no-color")
    ran = subprocess.run([terraform, "validate", "-json"], cwd=folder, capture_output=True, text=True, check=False)
    return list(json.loads(ran.stdout)["diagnostics"])


@pytest.fixture(scope="module")
def diagnostics(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The diagnostics for each environment with each choice."""
    chosen = {
        f"{environment}_{choice}": (environment, overrides)
        for environment in ENVIRONMENTS
        for choice, overrides in CHOICES.items()
    } | {"trial": ("trial", {})}
    return validate(terraform, tmp_path_factory.mktemp("validate"), chosen)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("choice", CHOICES)
def test_terraform_accepts_the_json(diagnostics: list[dict[str, Any]], environment: str, choice: str) -> None:
    modules = f"{environment}_{choice}_"
    assert [
        diagnostic for diagnostic in diagnostics if diagnostic.get("range", {}).get("filename", "").startswith(modules)
    ] == []


def test_terraform_says_nothing_else(diagnostics: list[dict[str, Any]]) -> None:
    assert diagnostics == []


def validate_all(terraform: str, folder: Path, chosen: list[Combination]) -> None:
    numbered = {f"combination{number}": (each.environment, each) for number, each in enumerate(chosen)}
    assert validate(terraform, folder, numbered) == [], chosen


def test_every_setting_of_who_gets_in_and_under_which_keys(terraform: str, scratch: Path) -> None:
    validate_all(terraform, scratch, [each for place in COVERING for each in covering(*place)])


@settings(max_examples=2, deadline=None, phases=[Phase.generate])
@given(st.lists(combinations(), min_size=4, max_size=4, unique_by=repr))
def test_any_combination_of_them(terraform: str, chosen: list[Combination]) -> None:
    with TemporaryDirectory() as folder:
        validate_all(terraform, Path(folder), chosen)


def test_no_combination_has_a_finding_of_the_policy_scan_that_is_not_accepted() -> None:
    for combination in covering("prod", "us-east-1"):
        configuration = merged(scanned(combination.environment, combination))
        assert findings(configuration).keys() - acceptances(configuration) == set(), combination


def test_another_provider_than_the_locked_one_is_refused(terraform: str, tmp_path: Path) -> None:
    """``terraform init`` does not change the lock file."""
    (tmp_path / "cdk.tf.json").write_text(json.dumps(synthesized("dev", RUNNING)["network"]))
    lock = tmp_path / LOCK_FILE.name
    lock.write_text(re.sub(r'"(h1|zh):.{8}', r'"\1:00000000', LOCK_FILE.read_text()))
    before = lock.read_text()
    ran = subprocess.run(
        [terraform, "init", "-backend=false", "-lockfile=readonly", "-no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "checksums" in ran.stderr
    assert lock.read_text() == before
