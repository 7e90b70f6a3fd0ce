"""Terraform itself accepts the JSON, for each environment and each choice that changes the graph."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stacks.provider_lock import LOCK
from tests.e2e.conftest import run
from tests.synthesis import EC2, ENVIRONMENTS, EXTERNAL, RUNNING, STACKS, app

pytestmark = pytest.mark.e2e

CHOICES = {
    "clickhouse-ec2": EC2,
    "clickhouse-external": EXTERNAL,
    "running": RUNNING,
    "domain": {
        "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
        "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z0123456789",
    },
    "cloudfront": {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"},
    "existing-vpc": {
        "LANGFUSE_AWS__NETWORK__VPC_ID": "vpc-0123456789abcdef0",
        "LANGFUSE_AWS__NETWORK__PUBLIC_SUBNET_IDS": '["subnet-01", "subnet-02"]',
        "LANGFUSE_AWS__NETWORK__PRIVATE_SUBNET_IDS": '["subnet-03", "subnet-04"]',
    },
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("stack", STACKS)
def test_terraform_accepts_the_json(terraform: str, tmp_path: Path, environment: str, choice: str, stack: str) -> None:
    (tmp_path / "cdk.tf.json").write_text(app(environment, CHOICES[choice])[stack].text)
    shutil.copy(LOCK, tmp_path)
    run(terraform, tmp_path, "init", "-backend=false", "-lockfile=readonly", "-no-color")
    run(terraform, tmp_path, "validate", "-no-color")


def test_another_provider_than_the_locked_one_is_refused(terraform: str, tmp_path: Path) -> None:
    """And the lock file stays as it is."""
    (tmp_path / "cdk.tf.json").write_text(app("dev")["network"].text)
    lock = tmp_path / LOCK.name
    lock.write_text(re.sub(r'"(h1|zh):.{8}', r'"\1:00000000', LOCK.read_text()))
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
