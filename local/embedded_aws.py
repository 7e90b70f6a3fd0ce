"""Starts ministack on a free port of 127.0.0.1, waits until it answers, and stops it again, whatever happens."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

import boto3

from local import application_autoscaling
from local.child_process import child_process

START_TIMEOUT_SECONDS = 60


class StartError(Exception):
    """The embedded AWS did not come up."""


@dataclass(frozen=True)
class EmbeddedAws:
    """A running embedded AWS. ``environment`` are the variables that point AWS clients and Terraform at it."""

    url: str
    environment: dict[str, str]

    def session(self) -> boto3.Session:
        """Credentials and a region for boto3's clients, which take ``endpoint_url=url`` beside them."""
        return boto3.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_REGION"],
        )


@contextmanager
def running(region: str) -> Iterator[EmbeddedAws]:
    """An embedded AWS for as long as the block runs, empty at first.

    Raises:
        StartError: if it does not answer within a minute; the message ends with what it last wrote.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="embedded-aws-")))
        autoscaling = stack.enter_context(application_autoscaling.served())
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        log = scratch / "log"
        process = stack.enter_context(
            child_process(
                [sys.executable, "-m", "local.server"],
                environment=_server_environment(port, region, scratch),
                output=stack.enter_context(log.open("wb")),
            )
        )
        _wait_until_ready(process, url, log)
        yield EmbeddedAws(url, _client_environment(url, autoscaling, region))


def _server_environment(port: int, region: str, scratch: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(scratch),
        "HOME": str(scratch),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": region,
        # Where Docker runs, ministack would start real containers for the database and the tasks.
        "DOCKER_HOST": f"unix://{scratch}/no-docker",
    }


def _client_environment(url: str, autoscaling: str, region: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": autoscaling,
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
