"""Tests of ``ops plan`` for who may read no secret's value, and of ``ops apply`` for who may."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl
from urllib.request import Request as HttpRequest, urlopen

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from local.deployment import Deployment
from ops.secrets_endpoint import MADE_UP
from tests.command_line import ops
from tests.e2e.conftest import Planned, plan
from tests.e2e.test_deploy import secret_values

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("deployment", ["dev-operated"], indirect=True)]

DENIED = {"__type": "AccessDeniedException", "Message": "is not authorized to perform: secretsmanager:GetSecretValue"}
READS_NO_VALUE = {"DescribeSecret", "GetRandomPassword", "GetResourcePolicy", "ListSecretVersionIds", "ListSecrets"}


class InBetween:
    """Passes requests on to the embedded AWS, and notes them.

    Attributes:
        operations: those of Secrets Manager.
        passwords: those that RDS got.
    """

    def __init__(self, server: HTTPServer, deployment: Deployment, *, denies_values: bool) -> None:
        self._url = deployment.aws.url
        self._denies_values = denies_values
        self.operations: set[str] = set()
        self.passwords: list[str] = []
        self.variables = {f"AWS_ENDPOINT_URL_{service}": server.url_for("/") for service in ("SECRETS_MANAGER", "RDS")}
        server.expect_request("/").respond_with_handler(self._handle)

    def _handle(self, request: Request) -> Response:
        if target := request.headers.get("X-Amz-Target"):
            self.operations.add(target.rpartition(".")[2])
            if self._denies_values and target.endswith("GetSecretValue"):
                return Response(str(DENIED).replace("'", '"'), 400, content_type="application/x-amz-json-1.1")
        else:
            sent = dict(parse_qsl(request.get_data(as_text=True)))
            self.passwords += [value for name, value in sent.items() if name == "MasterUserPassword"]
        headers = {name: value for name, value in request.headers if name not in ("Host", "Content-Length")}
        try:
            with urlopen(HttpRequest(self._url, request.get_data(), headers)) as answer:  # noqa: S310
                return Response(answer.read(), answer.status, content_type=answer.headers["Content-Type"])
        except HTTPError as error:
            return Response(error.read(), error.code, content_type=error.headers["Content-Type"])


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer("127.0.0.1", threaded=True) as server:
        yield server
        server.check()


def secrets_manager(deployment: Deployment) -> Any:
    return deployment.aws.session().client("secretsmanager", endpoint_url=deployment.aws.url)


def forget_version(deployment: Deployment, secret: str) -> None:
    """Lets AWS delete the version that Terraform has stored, by taking its labels away."""
    client = secrets_manager(deployment)
    stored = client.get_secret_value(SecretId=secret, VersionStage="TERRAFORM")
    client.update_secret_version_stage(
        SecretId=secret, VersionStage="TERRAFORM", RemoveFromVersionId=stored["VersionId"]
    )
    for _ in ("then AWSPREVIOUS", "then none"):
        client.put_secret_value(SecretId=secret, SecretString=stored["SecretString"])


def contents(planned: Planned) -> Iterator[tuple[str, str]]:
    """What a plan has written, and printed."""
    yield "output", planned.ran.stdout + planned.ran.stderr
    for file in planned.folder.rglob("*.json"):
        if "node_modules" not in file.parts:
            yield str(file), file.read_text()
    for file in planned.folder.rglob("*.tfplan"):
        with zipfile.ZipFile(file) as parts:
            for part in parts.namelist():
                yield f"{file}:{part}", parts.read(part).decode(errors="replace")


def assert_absent(values: set[str], planned: Planned) -> None:
    written = dict(contents(planned))
    assert {Path(name.partition(":")[0]).suffix for name in written} >= {".json", ".tfplan"}
    assert [name for name, text in written.items() if any(value in text for value in values)] == []


def test_who_may_not_read_values_plans_all_the_same(deployment: Deployment, server: HTTPServer) -> None:
    between = InBetween(server, deployment, denies_values=True)
    planned = plan(deployment, **between.variables)
    assert planned.ran.returncode == 0, planned.ran.stderr[-3000:]
    assert planned.ran.stdout.startswith("### ✅ No changes\n")
    assert between.operations == READS_NO_VALUE - {"ListSecrets"}


@pytest.mark.timeout(1800)  # It applies and deploys.
def test_a_plan_without_values_is_applied_with_them(deployment: Deployment, server: HTTPServer) -> None:
    """A rotation of the database's password, and a version that AWS has deleted since the deploy."""
    before = secret_values(deployment.aws)
    url = deployment.outputs()["data"]["database_url_secret_name"]
    password = url.replace("database-url", "database-password")
    changed = {"LANGFUSE_AWS__SECRETS__DATABASE_PASSWORD_VERSION": "2"}
    forget_version(deployment, deployment.outputs()["data"]["clickhouse_db_secret_name"])
    try:
        between = InBetween(server, deployment, denies_values=True)
        planned = plan(deployment, **changed, **between.variables)
        assert planned.ran.returncode == 0, planned.ran.stderr[-3000:]
        assert "- add `aws_secretsmanager_secret_version.clickhouse_db_version" in planned.ran.stdout
        assert "1 → 2" in planned.ran.stdout.partition("**Gets a new value")[2]
        assert between.operations <= READS_NO_VALUE
        assert_absent({MADE_UP, *before.values()}, planned)

        server.clear()
        between = InBetween(server, deployment, denies_values=False)
        environment = {**deployment.environment, **changed, **between.variables, "CDKTF_OUTDIR": str(planned.folder)}
        applied = ops("apply", environment=environment)
        assert applied.returncode == 0, applied.stderr[-3000:]
        after = secret_values(deployment.aws)
        assert between.passwords == [after[password]]
        assert after[password] in after[url]
        assert {name for name in after if after[name] != before[name]} == {password, url}
        assert MADE_UP not in str(after)
        assert_absent(set(after.values()), planned)
    finally:
        assert deployment.deploy() == 0
