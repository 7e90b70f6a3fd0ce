"""Runs ministack, an AWS emulator, on a free port of 127.0.0.1."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3

from local.child_process import child_process

START_TIMEOUT_SECONDS = 60
CRASHES_PATH = "/_embedded_aws/crashing_images"
CAPACITY_PATH = "/_embedded_aws/providers_without_capacity"
FAILURES_PATH = "/_embedded_aws/failures"
CLICKHOUSE_PATH = "/_embedded_aws/clickhouse"
RECORDED_PATH = "/_embedded_aws/recorded"
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
AWS_AUDIENCE = "sts.amazonaws.com"
HEALTHY_SECONDS_VARIABLE = "EMBEDDED_AWS_HEALTHY_SECONDS"


class StartError(Exception):
    """The embedded AWS did not start."""


class RecordedCheck(NamedTuple):
    """What AWS authorizes in a call: an action on a resource, an ARN or ``*``.

    ``context`` has the condition keys, in lower case, with their values.
    """

    action: str
    resource: str
    context: Mapping[str, str | list[str]]


@dataclass(frozen=True)
class RecordedCall:
    """A call of AWS's API, and what AWS authorizes in it.

    Args:
        service: botocore's name of the service.
        operation: the operation: ``CreateSubnet``.
        caller: the ARN of who called: the root user, or a role's session.
        program: what AWS_SDK_UA_APP_ID was in the environment of the calling process, or an empty text.
        terraform: whether Terraform or its provider called.
        refused: whether the caller's policies did not allow it.
        checks: what was authorized.
    """

    service: str
    operation: str
    caller: str
    program: str
    terraform: bool
    refused: bool
    checks: Sequence[RecordedCheck]


@dataclass(frozen=True)
class EmbeddedAws:
    """A running embedded AWS. ``environment`` has the variables that AWS clients and Terraform need to use it."""

    url: str
    environment: dict[str, str]

    def session(self) -> boto3.Session:
        """A session with credentials and region. Its clients also need ``endpoint_url=url``."""
        return boto3.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.environment.get("AWS_SESSION_TOKEN"),
            region_name=self.environment["AWS_REGION"],
        )

    def crash(self, *images: str) -> None:
        """From now on, new deployments of these container images fail: their tasks stop with exit code 1.

        Each call replaces the images of the one before.
        """
        self._post(CRASHES_PATH, images)

    def exhaust(self, *capacity_providers: str) -> None:
        """From now on, services of ECS get no new tasks on these capacity providers, such as ``FARGATE_SPOT``.

        Each call replaces the capacity providers of the one before.
        """
        self._post(CAPACITY_PATH, capacity_providers)

    def fail(self, *, rate: float = 0, unwritable: str = "") -> None:
        """From now on, this share of the requests fails, and the object in S3 with this key can't be written.

        Each call replaces what the one before has set.
        """
        self._post(FAILURES_PATH, {"rate": rate, "unwritable": unwritable})

    def answer_as_clickhouse(self, *answers: str) -> None:
        """From now on, ClickHouse runs on the instances: the first run of its client in a script writes the first text.

        Without answers, as before the first call, no ClickHouse runs there.
        """
        self._post(CLICKHOUSE_PATH, answers)

    def recorded(self) -> list[RecordedCall]:
        """The calls since the start or the last call of this method, by whomever.

        An operation with the same checks by the same caller is there once. No values of secrets are recorded.
        """
        calls = json.loads(self._post(RECORDED_PATH, None))
        return [RecordedCall(**{**call, "checks": [RecordedCheck(*one) for one in call["checks"]]}) for call in calls]

    def assume(self, role_arn: str, claims: Mapping[str, str], *, seconds: int = 3600) -> "EmbeddedAws":
        """The same AWS, with the environment of a session of a role, whose policies then limit what requests may do.

        Args:
            role_arn: the ARN of the role.
            claims: of the token of a workflow of GitHub Actions, as GitHub would sign it: ``sub``, for example.
                ``iss`` and ``aud`` are GitHub's and AWS's unless they are given.
            seconds: how long the session lasts.

        Raises:
            ClientError: if IAM does not know the identity provider, the role's trust policy refuses the token, or the
                role's sessions are shorter.
        """
        of_github = {"iss": GITHUB_ISSUER, "aud": AWS_AUDIENCE}
        answer = boto3.client(
            "sts",
            endpoint_url=self.url,
            region_name=self.environment["AWS_REGION"],
            # The request is not signed.
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106  # pragma: allowlist secret
        ).assume_role_with_web_identity(
            RoleArn=role_arn,
            RoleSessionName="session",
            WebIdentityToken=_unsigned_token({**of_github, **claims}),
            DurationSeconds=seconds,
        )
        credentials = answer["Credentials"]
        session = {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }
        return replace(self, environment={**self.environment, **session})

    def _post(self, path: str, content: object) -> bytes:
        request = Request(f"{self.url}{path}", json.dumps(content).encode())  # noqa: S310
        with urlopen(request, timeout=30) as response:  # noqa: S310
            answer: bytes = response.read()
            return answer


@contextmanager
def running(region: str, *, healthy_seconds: float = 2) -> Iterator[EmbeddedAws]:
    """Runs an embedded AWS during the ``with`` block. It starts without any resources.

    Args:
        region: the default region.
        healthy_seconds: how long the tasks of an ECS deployment run before they are healthy and it is complete.

    Raises:
        StartError: if it does not answer within a minute; the message ends with the last line of its log.
    """
    with TemporaryDirectory(prefix="embedded-aws-") as folder:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        log = Path(folder, "log")
        with (
            log.open("wb") as output,
            child_process(
                [sys.executable, "-m", "local.emulator.server"],
                environment=_server_environment(port, region, folder, healthy_seconds),
                output=output,
            ) as process,
        ):
            _wait_until_ready(process, url, log)
            yield EmbeddedAws(url, _client_environment(url, region))


def _server_environment(port: int, region: str, folder: str, healthy_seconds: float) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "TMPDIR": folder,
        "HOME": folder,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": region,
        HEALTHY_SECONDS_VARIABLE: str(healthy_seconds),
        # With Docker, ministack would start containers for the database and the ECS tasks.
        "DOCKER_HOST": f"unix://{folder}/no-docker",
        # The broker of AWS IoT would listen on every address of the machine.
        "IOT_MTLS_ENABLED": "0",
    }


def _client_environment(url: str, region: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _unsigned_token(claims: Mapping[str, str]) -> str:
    """A JSON Web Token with these claims, which the embedded AWS accepts without a signature."""
    parts = ({"alg": "none"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{'.'.join(encoded)}."


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}/_ministack/health", timeout=5):  # noqa: S310
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    last_line = log.read_text(errors="replace").strip().rpartition("\n")[2]
    raise StartError(f"the embedded AWS did not start within {START_TIMEOUT_SECONDS} s: {last_line}")
