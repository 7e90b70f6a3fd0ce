"""Tests of what Terraform leaves when it is killed, and of a state that is gone, on a real deployment."""

import json
import os
import signal
import subprocess
import time
from typing import Any

import pytest

from local.deployment import Deployment
from tests.command_line import assert_one_line, ops
from tests.e2e.conftest import plan, run
from tests.e2e.test_deploy import changes
from tests.environments import load

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("deployment", ["dev-operated"], indirect=True)]

DEADLINE_SECONDS = 60


@pytest.fixture
def environment(deployment: Deployment) -> dict[str, str]:
    return {**deployment.environment, "CDKTF_OUTDIR": str(deployment.folder / "planned")}


@pytest.fixture
def s3(deployment: Deployment) -> Any:
    return deployment.aws.session().client("s3", endpoint_url=deployment.aws.url)


BUCKET = load("dev").state.bucket
LOCK = load("dev").state_key("network") + ".tflock"


def lock_of(s3: Any, process: subprocess.Popen[bytes]) -> dict[str, str]:
    """Waits until Terraform has taken the lock, and returns what is in it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix=LOCK):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return dict(json.loads(s3.get_object(Bucket=BUCKET, Key=LOCK)["Body"].read()))


def test_the_lock_of_a_killed_terraform_is_explained_and_removed(
    deployment: Deployment, terraform: str, environment: dict[str, str], s3: Any
) -> None:
    folder = deployment.folder / "stacks" / "network"
    command = [terraform, "plan", "-input=false"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        lock = lock_of(s3, process)
        os.killpg(process.pid, signal.SIGSTOP)
        (running,) = json.loads(ops("unlock", "--json", environment=environment).stdout)
        os.killpg(process.pid, signal.SIGKILL)
    assert lock.keys() == {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}
    assert (running["id"], running["who"], running["operation"]) == (lock["ID"], lock["Who"], "OperationTypePlan")
    assert f"terraform (process {process.pid})" in running["may_run"]

    shown = ops("unlock", environment=environment)
    assert shown.returncode == 0, shown.stderr
    assert lock["ID"] in shown.stdout
    assert f"(process {process.pid})" not in shown.stdout
    blocked = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Error acquiring the state lock" in blocked.stderr
    applied = ops("unlock", "--apply", environment=environment)
    assert applied.returncode == 0, applied.stderr
    run(terraform, folder, "plan", "-input=false", "-detailed-exitcode", environment=environment)


def test_a_deleted_state_is_restored(deployment: Deployment, environment: dict[str, str], s3: Any) -> None:
    s3.delete_object(Bucket=BUCKET, Key=load("dev").state_key("data"))
    back = ("data.tfstate is deleted", "`ops state versions data`", "`ops state restore VERSION`")
    assert_one_line(plan(deployment).ran, *back)
    assert_one_line(ops("status", environment=environment), *back)
    listed = json.loads(ops("state", "versions", "data", "--json", environment=environment).stdout)
    assert listed[0]["deleted"]
    restored = ops("state", "restore", listed[1]["version"], "--apply", environment=environment)
    assert restored.returncode == 0, restored.stderr
    planned = plan(deployment)
    assert planned.ran.returncode == 0, planned.ran.stderr
    plans = {path.stem: changes(path.read_text()) for path in (planned.folder / "plans").iterdir()}
    assert plans == {"network": {}, "data": {}, "services": {}}
    assert ops("status", environment=environment).returncode == 0
