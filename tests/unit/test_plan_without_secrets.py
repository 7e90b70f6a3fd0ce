"""Tests of the endpoint that Terraform has for Secrets Manager while ``ops plan`` runs, with boto3 in its place."""

import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from pytest_httpserver import HTTPServer
from werkzeug import Request as HttpRequest, Response

from entry_point import Ended
from local.embedded_aws import EmbeddedAws
from ops.environment import Environment, OpsError, aws_session
from ops.secrets_endpoint import VARIABLE, endpoint_without_values
from tests.command_line import ops
from tests.environments import load
from tests.unit.state_bucket import StateBucket

VALUE = "must-stay-in-aws"
BINARY = b"must-stay-in-aws-too"


@pytest.fixture
def environment(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Environment:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return Environment(load("dev"), aws_session("us-east-1"))


@pytest.fixture
def url(environment: Environment) -> Iterator[str]:
    with endpoint_without_values(environment) as variables:
        yield variables[VARIABLE]


@pytest.fixture
def aws_itself(aws: EmbeddedAws) -> Any:
    return aws.session().client("secretsmanager", endpoint_url=aws.url)


def client_of(url: str) -> Any:
    """A client with credentials of its own, as Terraform has."""
    session = boto3.Session(
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",  # pragma: allowlist secret
        aws_secret_access_key="another",  # pragma: allowlist secret
        region_name="us-east-1",
    )
    return session.client("secretsmanager", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture
def endpoint(url: str) -> Any:
    return client_of(url)


@pytest.fixture
def secret(aws_itself: Any) -> Iterator[str]:
    """A secret with a value."""
    arn = aws_itself.create_secret(Name="langfuse-dev/salt", SecretString=VALUE)["ARN"]
    yield arn
    aws_itself.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def without_metadata(answer: Any) -> Any:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def refused(call: Callable[..., Any], **parameters: Any) -> Any:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response


@pytest.mark.parametrize("which", ["by default", "by label", "by ID"])
def test_a_version_is_described_as_by_aws_without_its_value(
    which: str, secret: str, endpoint: Any, aws_itself: Any
) -> None:
    id_ = "0" * 32  # It is listed before the current version.
    aws_itself.put_secret_value(
        SecretId=secret, SecretString=VALUE, VersionStages=["TERRAFORM"], ClientRequestToken=id_
    )
    wanted = {"by default": {}, "by label": {"VersionStage": "TERRAFORM"}, "by ID": {"VersionId": id_}}
    of_aws = without_metadata(aws_itself.get_secret_value(SecretId=secret, **wanted[which]))
    answer = without_metadata(endpoint.get_secret_value(SecretId=secret, **wanted[which]))
    assert of_aws.pop("SecretString") == VALUE
    assert VALUE not in answer.pop("SecretString")
    assert answer == of_aws


def test_a_binary_value_stays_in_aws(endpoint: Any, aws_itself: Any) -> None:
    arn = aws_itself.create_secret(Name="langfuse-dev/binary", SecretBinary=BINARY)["ARN"]
    answer = endpoint.get_secret_value(SecretId=arn)
    aws_itself.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert "SecretBinary" not in answer
    assert BINARY.decode() not in answer["SecretString"]


def test_aws_refuses_the_value_that_is_made_up(secret: str, endpoint: Any, aws_itself: Any, aws: EmbeddedAws) -> None:
    value = endpoint.get_secret_value(SecretId=secret)["SecretString"]
    assert "ops plan" in value
    error = refused(aws_itself.put_secret_value, SecretId=secret, SecretString=value)
    assert error["Error"]["Code"] == "ValidationException"
    error = refused(
        aws.session().client("rds", endpoint_url=aws.url).create_db_instance,
        DBInstanceIdentifier="langfuse-dev-postgres",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="langfuse",
        MasterUserPassword=value,
    )
    assert error["Error"]["Code"] == "InvalidParameterValue"


@pytest.mark.parametrize("parameters", [{"VersionId": "0" * 32}, {"VersionStage": "TERRAFORM"}], ids=str)
def test_a_version_or_a_label_that_is_gone_is_not_found(parameters: Any, secret: str, endpoint: Any) -> None:
    error = refused(endpoint.get_secret_value, SecretId=secret, **parameters)
    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert error["Error"]["Message"].startswith("Secrets Manager can't find the specified secret value for ")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_label_that_moved_is_at_its_new_version(secret: str, endpoint: Any, aws_itself: Any) -> None:
    first, second = (
        aws_itself.put_secret_value(SecretId=secret, SecretString=VALUE, VersionStages=stages)["VersionId"]
        for stages in (["AWSCURRENT", "TERRAFORM"], ["AWSCURRENT"])
    )
    assert endpoint.get_secret_value(SecretId=secret)["VersionId"] == second
    assert endpoint.get_secret_value(SecretId=secret, VersionStage="TERRAFORM")["VersionId"] == first
    error = refused(endpoint.get_secret_value, SecretId=secret, VersionId=second, VersionStage="TERRAFORM")
    assert error["Error"]["Code"] == "ResourceNotFoundException"


def test_a_version_without_a_label_is_found_on_every_page(secret: str, endpoint: Any, aws_itself: Any) -> None:
    """AWS lists 100 at a time, and those without a label only to who asks."""
    for number in range(100):
        aws_itself.put_secret_value(SecretId=secret, SecretString=VALUE, VersionStages=[f"label-{number}"])
    first = aws_itself.list_secret_version_ids(SecretId=secret)
    second = aws_itself.list_secret_version_ids(SecretId=secret, NextToken=first["NextToken"])
    for version in (first["Versions"][0], second["Versions"][-1]):
        id_ = version["VersionId"]
        for label in version["VersionStages"]:
            aws_itself.update_secret_version_stage(SecretId=secret, VersionStage=label, RemoveFromVersionId=id_)
        found = endpoint.get_secret_value(SecretId=secret, VersionId=id_)
        assert (found["VersionId"], found["VersionStages"]) == (id_, [])


def test_a_secret_that_is_gone_is_refused_as_by_aws(endpoint: Any, aws_itself: Any) -> None:
    arn = aws_itself.create_secret(Name="langfuse-dev/deleted", SecretString=VALUE)["ARN"]
    aws_itself.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    of_aws = refused(aws_itself.get_secret_value, SecretId=arn)
    assert refused(endpoint.get_secret_value, SecretId=arn)["Error"] == of_aws["Error"]
    assert of_aws["Error"]["Code"] == "InvalidRequestException"
    aws_itself.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    of_aws = refused(aws_itself.get_secret_value, SecretId=arn)
    assert refused(endpoint.get_secret_value, SecretId=arn)["Error"] == of_aws["Error"]
    assert of_aws["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "operation", ["describe_secret", "get_resource_policy", "list_secret_version_ids", "list_secrets"]
)
def test_what_else_a_plan_reads_is_as_aws_says(operation: str, secret: str, endpoint: Any, aws_itself: Any) -> None:
    parameters = {} if operation == "list_secrets" else {"SecretId": secret}
    answer = getattr(endpoint, operation)(**parameters)
    assert without_metadata(answer) == without_metadata(getattr(aws_itself, operation)(**parameters))
    assert len(without_metadata(answer)) >= 1


@pytest.mark.parametrize("operation", ["DescribeSecret", "GetSecretValue"])
def test_times_are_numbers_as_terraform_expects_them(operation: str, secret: str, url: str) -> None:
    """Boto3 would take texts too."""
    headers = {"X-Amz-Target": f"secretsmanager.{operation}"}
    with urlopen(Request(url, json.dumps({"SecretId": secret}).encode(), headers)) as answer:  # noqa: S310
        assert isinstance(json.load(answer)["CreatedDate"], int | float)
        assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"


def test_random_values_are_those_of_aws(endpoint: Any) -> None:
    made = [endpoint.get_random_password(PasswordLength=40, ExcludePunctuation=True)["RandomPassword"] for _ in "ab"]
    assert [len(value) for value in made] == [40, 40]
    assert made[0] != made[1]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("put_secret_value", {"SecretString": "another"}),  # pragma: allowlist secret
        ("delete_secret", {"ForceDeleteWithoutRecovery": True}),
        ("update_secret", {"SecretString": "another"}),  # pragma: allowlist secret
        ("batch_get_secret_value", {}),
    ],
)
def test_what_changes_something_or_tells_values_is_refused(
    operation: str, parameters: Any, secret: str, endpoint: Any, aws_itself: Any
) -> None:
    of = {"SecretIdList": [secret]} if operation.startswith("batch") else {"SecretId": secret}
    error = refused(getattr(endpoint, operation), **of, **parameters)
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert aws_itself.get_secret_value(SecretId=secret)["SecretString"] == VALUE


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("GetPaginator", {"operation_name": "get_secret_value"}),
        ("GetWaiter", {"waiter_name": "any"}),
        ("GetAnythingElse", {}),
        ("describe_secret", {"SecretId": "any"}),  # pragma: allowlist secret
        ("Describe_Secret", {"SecretId": "any"}),  # pragma: allowlist secret
        ("", {}),
    ],
)
def test_what_is_no_operation_of_aws_is_refused(
    operation: str, parameters: Any, behind: Environment, fake_server: HTTPServer
) -> None:
    """A client of boto3 has methods of such names. AWS gets no request."""
    headers = {"X-Amz-Target": f"secretsmanager.{operation}"}
    with endpoint_without_values(behind) as variables:
        request = Request(variables[VARIABLE], json.dumps(parameters).encode(), headers)  # noqa: S310
        with pytest.raises(HTTPError) as error:
            urlopen(request)  # noqa: S310
    assert error.value.code == 400
    assert json.load(error.value)["__type"] == "AccessDeniedException"
    assert fake_server.log == []


@pytest.fixture
def behind(environment: Environment, fake_server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The environment, where the endpoint that is configured for Secrets Manager is the fake server."""
    monkeypatch.setenv(VARIABLE, fake_server.url_for("/configured"))
    return Environment(environment.settings, aws_session("us-east-1", attempts=1))


@pytest.mark.parametrize(
    ("status", "code"), [(400, "AccessDeniedException"), (400, "ThrottlingException"), (500, "InternalServiceError")]
)
@pytest.mark.parametrize("operation", ["get_secret_value", "describe_secret"])
def test_errors_of_aws_are_passed_on(
    operation: str, status: int, code: str, behind: Environment, fake_server: HTTPServer
) -> None:
    answer = {"__type": code, "Message": "as AWS says it"}
    fake_server.expect_request("/configured", method="POST").respond_with_json(
        answer, status, {"x-amzn-RequestId": "of-this-request"}
    )
    with endpoint_without_values(behind) as variables:
        error = refused(getattr(client_of(variables[VARIABLE]), operation), SecretId="one")
    assert error["Error"] == {"Code": code, "Message": "as AWS says it"}
    assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error["ResponseMetadata"]["RequestId"] == "of-this-request"


def test_aws_gets_requests_that_are_signed_with_the_callers_key(behind: Environment, fake_server: HTTPServer) -> None:
    fake_server.expect_request("/configured").respond_with_json({"RandomPassword": ""})
    with endpoint_without_values(behind) as variables:
        client_of(variables[VARIABLE]).get_random_password()
    ((request, _),) = fake_server.log
    assert f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/" in request.headers["Authorization"]


def test_without_a_connection_the_error_says_so_at_once(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{unused.getsockname()[1]}")
        offline = Environment(environment.settings, aws_session("us-east-1", attempts=1))
        with endpoint_without_values(offline) as variables:
            error = refused(client_of(variables[VARIABLE]).describe_secret, SecretId="one")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["Error"]["Code"] == "EndpointConnectionError"
    assert "Could not connect to the endpoint URL" in error["Error"]["Message"]


def test_terraform_may_ask_for_many_secrets_at_once(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(12)

    def answer(_: HttpRequest) -> Response:
        together.wait(30)
        return Response('{"RandomPassword": "random"}')  # pragma: allowlist secret

    with HTTPServer("127.0.0.1", threaded=True) as server:
        server.expect_request("/").respond_with_handler(answer)
        monkeypatch.setenv(VARIABLE, server.url_for("/"))
        behind = Environment(environment.settings, aws_session("us-east-1", attempts=1))
        with endpoint_without_values(behind) as variables, ThreadPoolExecutor(together.parties) as pool:
            clients = [client_of(variables[VARIABLE]) for _ in range(together.parties)]
            made = list(pool.map(lambda client: client.get_random_password()["RandomPassword"], clients))
    assert made == ["random"] * together.parties


@pytest.mark.parametrize("path", ["", "/", "/token", "/%s/"])
def test_who_does_not_know_the_path_is_refused(path: str, behind: Environment, fake_server: HTTPServer) -> None:
    """Whatever it is, and whoever has signed it; AWS gets no request."""
    with endpoint_without_values(behind) as variables:
        parts = urlsplit(variables[VARIABLE])
        error = refused(client_of(f"http://{parts.netloc}{path}").get_secret_value, SecretId="one")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert len(parts.path) > 40
    assert fake_server.log == []


def test_a_path_of_any_bytes_is_refused(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(b"POST /\xe9 HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 403"
    assert capfd.readouterr() == ("", "")


def test_each_command_has_a_path_of_its_own(environment: Environment) -> None:
    with endpoint_without_values(environment) as first, endpoint_without_values(environment) as second:
        assert urlsplit(first[VARIABLE]).path != urlsplit(second[VARIABLE]).path


def test_other_machines_can_not_connect(url: str) -> None:
    port = urlsplit(url).port
    socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


@pytest.mark.parametrize("error", [None, Ended(signal.SIGTERM), KeyboardInterrupt(), OpsError("no")], ids=repr)
def test_the_endpoint_ends_with_the_command(error: BaseException | None, environment: Environment) -> None:
    """Also while Terraform has a connection."""
    with ExitStack() as connections:
        with (
            pytest.raises(type(error)) if error else nullcontext(),
            endpoint_without_values(environment) as variables,
        ):
            address = ("127.0.0.1", urlsplit(variables[VARIABLE]).port)
            connections.enter_context(socket.create_connection(address))
            client_of(variables[VARIABLE]).list_secrets()
            if error:
                raise error
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)


def test_nothing_is_printed(url: str, secret: str, endpoint: Any, capfd: pytest.CaptureFixture[str]) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(f"POST {parts.path} HTTP/1.1\r\nContent-Length: 100\r\n\r\n".encode())
        # A connection that is reset, not closed, as that of a process that is killed.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    endpoint.get_secret_value(SecretId=secret)
    refused(client_of(url.rpartition("/")[0]).get_secret_value, SecretId=secret)
    refused(endpoint.get_secret_value, SecretId="none")  # pragma: allowlist secret
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["IGNORE_CONFIGURED_ENDPOINT_URLS", "USE_DUALSTACK_ENDPOINT"])
@pytest.mark.parametrize("place", ["variable", "profile"])
def test_what_keeps_terraform_from_the_endpoint_is_refused(
    place: str, name: str, environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if place == "variable":
        monkeypatch.setenv(f"AWS_{name}", "true")
    else:
        (tmp_path / "config").write_text(f"[profile planner]\n{name.lower()} = true\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_PROFILE", "planner")
    with pytest.raises(OpsError, match=rf"^AWS_{name}, or {name.lower()} of the AWS profile: must not be true"):
        endpoint_without_values(environment).__enter__()


STAND_IN = """#!{python}
import json, os, sys
from pathlib import Path
import boto3

if sys.argv[1] == "version":
    print("OpenTofu v1.12.0")
elif sys.argv[1] == "plan":
    client = boto3.client("secretsmanager", endpoint_url=os.environ["{variable}"])
    value = client.get_secret_value(SecretId="{secret}")["SecretString"]
    Path(sys.argv[-1]).write_text(json.dumps({{"prior_state": {{"values": {{"secret_string": value}}}}}}))
elif sys.argv[1] == "show":
    print(Path(sys.argv[-1]).read_text())
"""
"""A program for OPENTOFU, which plans as Terraform with a data source that reads a secret."""


def test_a_plan_that_would_store_a_value_is_refused(secret: str, state_bucket: StateBucket, tmp_path: Path) -> None:
    program, outdir = tmp_path / "tofu", tmp_path / "cdktf.out"
    program.write_text(STAND_IN.format(python=sys.executable, variable=VARIABLE, secret=secret))
    program.chmod(0o755)
    variables = {"LANGFUSE_ENV": "dev", "OPENTOFU": str(program), "CDKTF_OUTDIR": str(outdir)}
    ran = ops("plan", environment={**state_bucket.aws.environment, **variables})
    assert ran.returncode == 1
    assert "ops: the plan of network would store the value of a secret, which `ops plan` does not read" in ran.stderr
    assert ran.stderr.count("ops: ") == 1
    assert list(outdir.rglob("saved.tfplan")) == []
