"""Fixtures for the tests in a browser: the browser, and pages of a deployment on the embedded AWS."""

import lazy_bindings  # noqa: F401  before any test imports cdktf

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from local import embedded_aws
from tests.browser import busy_deployment, chromium
from tests.unit import small_deployment

NO_NODE = {"JSII_NODE": "/nowhere/node"}
"""Without Node.js, there is no picture; drawing one takes a second or two."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.running() as browser:
        yield browser


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of a deployment: ``busy``; ``quiet``, without any data; ``unanswered``, without CloudWatch."""
    folder = tmp_path_factory.mktemp("pages")
    files = {name: folder / f"{name}.html" for name in ("quiet", "busy", "unanswered")}
    with embedded_aws.running("us-east-1") as aws, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        deployment = small_deployment.create(aws)

        def write(name: str, **variables: str) -> None:
            ran = deployment.ops("status", "--html", str(files[name]), **variables)
            assert ran.returncode == 0, ran.stderr

        busy_deployment.complete(deployment)
        write("quiet", **NO_NODE)
        busy_deployment.make_busy(deployment)
        # As for a user who has not activated the virtual environment.
        write("busy", PATH="/nowhere")
        write("unanswered", AWS_ENDPOINT_URL_CLOUDWATCH="http://127.0.0.1:9", **NO_NODE)
    return files
