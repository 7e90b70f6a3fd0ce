"""Tests of wrong arguments: ``ops`` exits with code 2 before it sends a request to AWS."""

import pytest

from tests.command_line import assert_one_line, ops_in_process

NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "LANGFUSE_ENV": "prod", "AWS_REGION": "us-east-1"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scale", "web"], "must be SERVICE=N"),
        (["scale", "web=-1"], "must be SERVICE=N"),
        (["scale", "db=1"], "must be SERVICE=N"),
        (["scale", "web=1", "web=2"], "named twice"),
        (["redeploy", "db"], "must be one of web, web_ingestion"),
        (["logs", "db"], "'web', 'web_ingestion'"),
        (["logs", "web", "--since", "yesterday"], "10m"),
        (["logs", "web", "--since", "99999999999d"], "up to 3653d"),
        (["logs", "web", "--since", "9" * 5000 + "d"], "up to 3653d"),
        (["logs", "web", "--since", "٣d"], "10m"),
        (["redeploy", "--timeout", "9" * 30], "less than or equal to 86400"),
        (["logs", "web", "--errors", "--filter", "P1001"], "can't be combined"),
        (["smoke", "--keys", "/nowhere"], "--keys: No such file"),
        (["smoke"], "--keys"),
        (["upgrade", "4.x"], "X.Y.Z"),
        (["upgrade", "04.16.0"], "X.Y.Z"),
        (["logs"], "web, web_ingestion"),
        (["upgrade", "3.169.0"], "must be 3.170.0 or newer"),
        (["upgrade", "5.0.0"], "major version 3 or 4"),
        (["upgrade", "4.16.0", "--write-mode", "both"], "events_only"),
        (["plan-review", "/nowhere.json"], "/nowhere.json"),
        (["plan-review", "README.md"], "is not JSON"),
        (["plan-review", "cdktf.json"], "is not what `terraform show -json` writes"),
        (["restart"], "restart"),
        (["status", "--html", "status.html", "--json"], "leave one of them out"),
        (["status", "--html", "/nowhere/status.html"], "--html: /nowhere/status.html: can't be written: No such file"),
        (["status", "--html", "docs"], "--html: docs: the file's name must end with .html"),
    ],
)
def test_wrong_arguments_exit_with_2(arguments: list[str], says: str) -> None:
    ran = ops_in_process(*arguments, environment=NOWHERE)
    assert_one_line(ran, says, code=2)


def test_wrong_settings_exit_with_2() -> None:
    ran = ops_in_process("status", environment={**NOWHERE, "LANGFUSE_AWS__WEB__CPU": "300"})
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1


def test_the_shell_completes_commands() -> None:
    completing = {"_OPS_COMPLETE": "complete_bash", "COMP_WORDS": "ops sc", "COMP_CWORD": "1"}
    assert ops_in_process(environment={**NOWHERE, **completing}).stdout.split() == ["scale"]
