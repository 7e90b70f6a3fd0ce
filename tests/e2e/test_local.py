"""``make local`` ends as it should, whatever happens: with the right exit code, and nothing left running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local.embedded_aws import EmbeddedAws

PROJECT = Path(__file__).parents[2]
DEADLINE_SECONDS = 120

pytestmark = pytest.mark.e2e


def start(tmp_path: Path, *, path: str | None = None) -> subprocess.Popen[bytes]:
    """``python -m local``, with its temporary files where the test can see them."""
    return subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(tmp_path), "PATH": path or os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.usefixtures("terraform")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_deploy_leaves_nothing_behind(tmp_path: Path, stop: signal.Signals) -> None:
    process = start(tmp_path)
    try:
        # As deep as it gets: Terraform runs, and its provider under it.
        wait_for(lambda: any("terraform-provider" in " ".join(one.cmdline()) for one in living(process)))
        started = living(process)
        for one in started:
            for connection in one.net_connections(kind="inet"):
                if connection.status == psutil.CONN_LISTEN:
                    assert connection.laddr.ip in ("127.0.0.1", "::1")
    finally:
        os.killpg(process.pid, stop)
    assert process.wait(DEADLINE_SECONDS) == 130
    assert [one for one in started if one.is_running()] == []
    assert list(tmp_path.iterdir()) == []


def living(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes under this one that have not ended meanwhile."""
    return [one for one in family(process) if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_a_failing_deploy_ends_with_its_exit_code_and_leaves_nothing_behind(tmp_path: Path) -> None:
    broken, scratch = tmp_path / "bin", tmp_path / "scratch"
    broken.mkdir()
    scratch.mkdir()
    (broken / "terraform").write_text("#!/bin/sh\nexit 1\n")
    (broken / "terraform").chmod(0o755)
    process = start(scratch, path=f"{broken}:/usr/bin:/bin")
    started: list[psutil.Process] = []
    while process.poll() is None:
        started = list({*started, *family(process)})
        time.sleep(0.1)
    assert process.returncode == 1
    assert [one for one in started if one.is_running()] == []
    assert list(scratch.iterdir()) == []


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
