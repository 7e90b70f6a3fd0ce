"""Tests of how ``make local`` and the embedded AWS end: exit code, and no process or file left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from local.embedded_aws import EmbeddedAws
from tests.command_line import PROJECT, start_local

DEADLINE_SECONDS = 120

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("local")]


def the_log_in(folder: Path) -> str:
    """Returns the text of the log, which must be the only file in the folder."""
    (log,) = folder.iterdir()
    assert log.suffix == ".log"
    return log.read_text()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def is_alive(process: psutil.Process) -> bool:
    """Whether the process runs. A zombie has ended, but its parent has not read its exit code yet."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def is_provider(process: psutil.Process) -> bool:
    """Whether the process is the AWS provider, which Terraform starts and stops many times in a deploy."""
    with suppress(psutil.NoSuchProcess):
        return "terraform-provider" in " ".join(process.cmdline())
    return False


@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_deploy_leaves_nothing_behind(scratch: Path, stop: signal.Signals) -> None:
    process = start_local(scratch)
    try:
        # The provider is the last level of child processes: Terraform starts it.
        wait_for(lambda: any(map(is_provider, family(process))))
        started = family(process)
        for descendant in started:
            with suppress(psutil.NoSuchProcess):
                for connection in descendant.net_connections(kind="inet"):
                    if connection.status == psutil.CONN_LISTEN:
                        assert connection.laddr.ip in ("127.0.0.1", "::1")
    finally:
        os.killpg(process.pid, stop)
    assert process.wait(DEADLINE_SECONDS) == 128 + stop
    assert list(filter(is_alive, started)) == []
    assert "Initializing the backend..." in the_log_in(scratch)


def test_a_failing_deploy_shows_the_end_of_its_log_and_leaves_nothing_else_behind(
    scratch: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "terraform"
    broken.write_text("#!/bin/sh\n[ $1 = version ] && exec terraform version\necho what went wrong >&2\nexit 1\n")
    broken.chmod(0o755)
    process = start_local(scratch, TERRAFORM_BINARY_NAME=str(broken))
    started: list[psutil.Process] = []
    while process.poll() is None:
        started = list({*started, *family(process)})
        time.sleep(0.1)
    out, err = process.communicate()
    assert process.returncode == 1
    assert list(filter(is_alive, started)) == []
    log = the_log_in(scratch)
    (path,) = scratch.iterdir()
    assert f": {path}\n" in out
    assert "what went wrong" in err
    assert err.endswith(f"{path}\n")
    assert set(err.splitlines()[1:-1]) <= set(log.splitlines())


def test_a_request_that_an_sdk_repeats_is_carried_out_once(aws: EmbeddedAws) -> None:
    ec2 = aws.session().client("ec2", endpoint_url=aws.url)
    attempts = []

    def lose_the_first_answer(**_: object) -> int | None:
        attempts.append("sent")
        return 0 if len(attempts) == 1 else None  # the seconds to wait before it is sent again

    before = {address["AllocationId"] for address in ec2.describe_addresses()["Addresses"]}
    ec2.meta.events.register("needs-retry.ec2.AllocateAddress", lose_the_first_answer)  # type: ignore[arg-type]
    made = ec2.allocate_address()["AllocationId"]
    after = {address["AllocationId"] for address in ec2.describe_addresses()["Addresses"]}
    assert len(attempts) == 2
    assert after - before == {made}
    ec2.release_address(AllocationId=made)


def test_the_embedded_aws_ends_with_whoever_started_it() -> None:
    code = """
from local import embedded_aws
with embedded_aws.running("us-east-1"):
    print("up", flush=True)
    input()
"""
    starter = subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "up\n"
        (server,) = family(starter)
        starter.kill()
    wait_for(lambda: not is_alive(server))
