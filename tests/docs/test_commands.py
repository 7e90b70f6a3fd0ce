"""Tests that the commands of each document work, in their order, on an environment that is deployed."""

from pathlib import Path

import pytest

from local.deployment import Deployment
from tests.docs.conftest import run_of
from tests.docs.session import TIMEOUT_SECONDS, failure, run_blocks, working_copy
from tests.environments import ACCESS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(TIMEOUT_SECONDS + 300)]

TYPED = {
    "docs/mail.md": "smtps://smtp.example.com:465",
    "docs/sign-in.md": "a client secret",
}
"""What a reader types while the page's commands run, by the page."""
WRITTEN = {"docs/access.md": ACCESS}
"""What a reader writes into the environment's file, as variables, by the page."""
ANSWERS = {"CDKTF_AUTO_APPROVE": "true", "CDKTF_SKIP_PROVIDER_LOCK": "true"}
"""Yes to each deploy. The provider's lock step needs the Terraform registry, even if a mirror has the provider."""


def test_the_commands_work(page: str, deployment: Deployment, tmp_path: Path) -> None:
    blocks = run_of(page)
    folder = working_copy(tmp_path / "langfuse")
    environment = {**deployment.environment, **WRITTEN.get(page, {}), **ANSWERS}
    ran = run_blocks(blocks, folder, environment, TYPED.get(page, ""))
    if ran.returncode != 0:
        pytest.fail(failure(blocks, ran), pytrace=False)
