"""Runs ministack, an AWS emulator, on a free port of 127.0.0.1."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3

from local.child_process import child_process

START_TIMEOUT_SECONDS = 60
CRASHES_PATH = "/_embedded_aws/crashing_images"
CAPACITY_PATH = "/_embedded_aws/providers_without_capacity"
FAILURES_PATH = "/_embedded_aws/failures"
HEALTHY_SECONDS_VARIABLE = "EMBEDDED_AWS_HEALTHY_SECONDS"


class StartError(Exception):
    """The embedded AWS did not start."""


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

    def _post(self, path: str, content: object) -> None:
        with urlopen(Request(f"{self.url}{path}", json.dumps(content).encode()), timeout=5):  # noqa: S310
            pass


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
