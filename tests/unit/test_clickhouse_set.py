"""Tests of ``ops clickhouse set`` as a process that is ended in the middle: all six secrets, or none."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ops.clickhouse import connection
from ops.doctor_checks.secrets import clickhouse_secrets_fit
from ops.environment import OpsError
from ops.findings import Verdict
from settings.secret_variables import CLICKHOUSE_SECRETS
from tests.environments import EXTERNAL
from tests.unit.signalling_proxy import SignallingProxy
from tests.unit.small_deployment import SmallDeployment
from tests.unit.test_clickhouse_values import GOOD

OLD = {
    name: value.replace("abc.eu-central-1", "old.us-east-1").replace("default", "before")
    for name, value in GOOD.items()
}
TOGETHER, HOST = "ClickHouse's secrets are of one change", "ClickHouse's addresses have one host"


@pytest.fixture
def proxy(deployment: SmallDeployment) -> Iterator[SignallingProxy]:
    with HTTPServer("127.0.0.1", threaded=True) as server:
        yield SignallingProxy(server, deployment, "SECRETS_MANAGER")
        server.check()


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    file = tmp_path / "values.txt"
    file.write_text("\n".join(f"{name}={value}" for name, value in GOOD.items()))
    return ["clickhouse", "set", "--from", str(file), "--apply"]


def secret(name: str) -> str:
    return name.lower().replace("clickhouse_", "clickhouse-")


@pytest.fixture
def secrets(deployment: SmallDeployment) -> Any:
    """Secrets Manager, with six values of which each was stored for itself, as Terraform does."""
    for name, value in OLD.items():
        deployment.store(secret(name), value)
    return deployment.client("secretsmanager")


def current(secrets: Any) -> dict[str, tuple[str, str]]:
    """Value and version of each secret."""
    answers = {name: secrets.get_secret_value(SecretId=secret(name)) for name in CLICKHOUSE_SECRETS}
    return {name: (answer["SecretString"], answer["VersionId"]) for name, answer in answers.items()}


def doctor(deployment: SmallDeployment) -> dict[str, tuple[Verdict, str]]:
    found = clickhouse_secrets_fit(deployment.environment(**EXTERNAL))
    return {finding.check: (finding.verdict, finding.evidence) for finding in found}


@pytest.mark.parametrize(
    ("ended_by", "moment", "stored"),
    [
        (signal.SIGTERM, 1, True),
        (signal.SIGTERM, 3, False),
        (signal.SIGTERM, 6, True),
        (signal.SIGHUP, 2, False),
        (signal.SIGHUP, 4, True),
        (signal.SIGHUP, 6, True),
        (signal.SIGINT, 5, True),
    ],
)
def test_a_signal_leaves_all_secrets_as_they_were(
    deployment: SmallDeployment,
    secrets: Any,
    proxy: SignallingProxy,
    arguments: list[str],
    ended_by: signal.Signals,
    moment: int,
    stored: bool,
) -> None:
    before = current(secrets)
    proxy.end("PutSecretValue", moment, ended_by, passed_on=stored, until="UpdateSecretVersionStage")
    ran = proxy.run(*arguments, **EXTERNAL)
    assert ran.returncode == 128 + ended_by, ran.stderr
    assert current(secrets) == before
    assert {verdict for verdict, _ in doctor(deployment).values()} == {Verdict.OK}


@pytest.mark.parametrize("moment", [1, 5])
def test_doctor_finds_what_a_kill_leaves_and_the_command_again_mends_it(
    deployment: SmallDeployment, secrets: Any, proxy: SignallingProxy, arguments: list[str], moment: int
) -> None:
    assert {verdict for verdict, _ in doctor(deployment).values()} == {Verdict.OK}
    proxy.end("PutSecretValue", moment, signal.SIGKILL, passed_on=True)
    assert proxy.run(*arguments, **EXTERNAL).returncode == -signal.SIGKILL
    assert sum(value == GOOD[name] for name, (value, _) in current(secrets).items()) >= moment
    found = doctor(deployment)
    assert found[TOGETHER][0] is Verdict.FAILED
    assert found[HOST][0] is (Verdict.WARNING if moment < _position("CLICKHOUSE_MIGRATION_URL") else Verdict.OK)

    again = proxy.run(*arguments, **EXTERNAL)
    assert again.returncode == 0, again.stderr
    after = current(secrets)
    assert {name: value for name, (value, _) in after.items()} == GOOD
    assert len({version for _, version in after.values()}) == 1
    assert {verdict for verdict, _ in doctor(deployment).values()} == {Verdict.OK}


def _position(name: str) -> int:
    return CLICKHOUSE_SECRETS.index(name) + 1


@pytest.mark.usefixtures("secrets")
def test_one_secret_that_is_stored_by_hand_is_named(
    deployment: SmallDeployment, proxy: SignallingProxy, arguments: list[str]
) -> None:
    """With the same values, the command stores all six again, since nothing else would tell that they fit."""
    assert proxy.run(*arguments, **EXTERNAL).returncode == 0
    deployment.store(secret("CLICKHOUSE_PASSWORD"), GOOD["CLICKHOUSE_PASSWORD"])
    verdict, evidence = doctor(deployment)[TOGETHER]
    assert (verdict, evidence.partition(":")[0]) == (Verdict.FAILED, "CLICKHOUSE_PASSWORD")
    ran = proxy.run(*arguments[:-1], **EXTERNAL)
    assert ran.stdout.count("would be set") == len(CLICKHOUSE_SECRETS)
    assert proxy.run(*arguments, **EXTERNAL).returncode == 0
    assert doctor(deployment)[TOGETHER][0] is Verdict.OK
    ran = proxy.run(*arguments, "--json", **EXTERNAL)
    assert ran.stdout.count("unchanged") == len(CLICKHOUSE_SECRETS)


def test_what_is_no_address_has_no_other_host(deployment: SmallDeployment, secrets: Any) -> None:
    secrets.put_secret_value(SecretId=secret("CLICKHOUSE_URL"), SecretString="https://[secret-9")
    assert doctor(deployment)[HOST] == (Verdict.OK, "CLICKHOUSE_MIGRATION_URL: old.us-east-1.aws.clickhouse.cloud")


def test_secrets_that_could_not_be_put_back_are_named(fake_server: HTTPServer) -> None:
    """The first is stored, the second is not, and moving a version back is not allowed."""
    versions = {"one": "old", "two": "old"}

    def answer(request: Request) -> Response:
        action, parameters = request.headers["X-Amz-Target"].rpartition(".")[2], json.loads(request.get_data())
        if action == "GetSecretValue":
            return Response(json.dumps({"VersionId": versions[parameters["SecretId"]]}))
        if action == "PutSecretValue" and parameters["SecretId"] == "one":  # pragma: allowlist secret
            versions["one"] = parameters["ClientRequestToken"]
            return Response("{}")
        return Response('{"__type": "AccessDeniedException"}', 400)

    fake_server.expect_request("/").respond_with_handler(answer)
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
    client = session.client("secretsmanager", endpoint_url=fake_server.url_for("/"))
    with pytest.raises(OpsError, match=r"^two could not be stored \(AccessDeniedException\); but one could not be put"):
        connection.write(client, {"one": "new", "two": "new"}, {"one": "old", "two": "old"})
