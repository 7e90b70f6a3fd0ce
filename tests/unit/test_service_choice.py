"""Tests that ``ops`` says which services there are, if one is named that the environment does not have."""

import pytest
from pytest_httpserver import HTTPServer

from ops.logs import Service
from settings.sections.service_size import SERVICES
from tests.command_line import Ran, assert_one_line, ops_in_process
from tests.environments import SPLIT
from tests.states import serve, state

WEB_AND_WORKER = {
    "cluster_name": "langfuse-dev",
    "web_service_name": "langfuse-dev-web",
    "worker_service_name": "langfuse-dev-worker",
    "web_ingestion_service_name": "langfuse-dev-web-ingestion",
}
COMMANDS = {
    "scale": ["scale", "web=1", "web_api=2", "--apply"],
    "redeploy": ["redeploy", "web", "web_api", "--apply"],
    "logs": ["logs", "web_api"],
}


def run(server: HTTPServer, *arguments: str, **settings: str) -> Ran:
    """Runs the command where only the states answer: any other request to AWS would fail."""
    serve(server, "services", state(WEB_AND_WORKER))
    environment = {
        "AWS_ENDPOINT_URL": server.url_for("/"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
        **settings,
    }
    return ops_in_process(*arguments, environment=environment)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_service_that_there_is_not(fake_server: HTTPServer, command: str) -> None:
    ran = run(fake_server, *COMMANDS[command])
    assert_one_line(
        ran, "dev has no service web_api, but web, web_ingestion, worker: [web_api] in environments/dev.toml"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_service_that_is_only_in_the_settings(fake_server: HTTPServer, command: str) -> None:
    ran = run(fake_server, *COMMANDS[command], **SPLIT)
    assert_one_line(ran, "web_api is not deployed yet: run `make deploy ENV=dev`")


def test_each_service_has_a_log() -> None:
    assert list(Service) == list(SERVICES)
