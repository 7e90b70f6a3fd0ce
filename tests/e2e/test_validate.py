"""Tests that Terraform accepts the JSON of each environment, with each choice that changes the resource graph."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from setup import LOCK_FILE
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


def synthesized(environment: str, choice: str) -> dict[str, dict[str, Any]]:
    """Returns the JSON of each stack, by the stack's name."""
    # Imported here, because it starts jsii's Node.js, which most test processes do not need.
    from tests.synthesis import app

    return {name: json.loads(stack.text) for name, stack in app(environment, CHOICES[choice]).items()}


@pytest.fixture(scope="module")
def diagnostics(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The diagnostics of one ``terraform validate`` for all stacks, each as a module: starting Terraform is slow.

    Modules have no backend, because only the root module may have one. They share the root's provider block, because
    each block would start another provider process.
    """
    folder = tmp_path_factory.mktemp("validate")
    modules = {}
    for environment in ENVIRONMENTS:
        for choice in CHOICES:
            for stack, module in synthesized(environment, choice).items():
                name = f"{environment}_{choice}_{stack}"
                (folder / name).mkdir()
                provider = module.pop("provider")
                del module["terraform"]["backend"]
                (folder / name / "cdk.tf.json").write_text(json.dumps(module))
                modules[name] = {"source": f"./{name}"}
    (folder / "main.tf.json").write_text(json.dumps({"module": modules, "provider": provider}))
    shutil.copy(LOCK_FILE, folder)
    run(terraform, folder, "init", "-backend=false", "-lockfile=readonly", "-no-color")
    ran = subprocess.run([terraform, "validate", "-json"], cwd=folder, capture_output=True, text=True, check=False)
    return list(json.loads(ran.stdout)["diagnostics"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("choice", CHOICES)
def test_terraform_accepts_the_json(diagnostics: list[dict[str, Any]], environment: str, choice: str) -> None:
    modules = f"{environment}_{choice}_"
    assert [
        diagnostic for diagnostic in diagnostics if diagnostic.get("range", {}).get("filename", "").startswith(modules)
    ] == []


def test_terraform_says_nothing_else(diagnostics: list[dict[str, Any]]) -> None:
    assert diagnostics == []


def test_another_provider_than_the_locked_one_is_refused(terraform: str, tmp_path: Path) -> None:
    """``terraform init`` does not change the lock file."""
    (tmp_path / "cdk.tf.json").write_text(json.dumps(synthesized("dev", "running")["network"]))
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
