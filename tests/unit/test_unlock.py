"""Tests of ``ops unlock``."""

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from ops import unlock
from ops.state import lock
from synth.outdir_lock import held
from tests.command_line import assert_one_line
from tests.states import BUCKET
from tests.unit.state_bucket import StateBucket, key

HERE = socket.gethostname()


def put(bucket: StateBucket, stack: str, **content: str) -> None:
    """Locks a state as Terraform does."""
    info = {
        "ID": f"id-of-{stack}",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "ci@runner",
        "Version": "1.11.4",
        "Created": (datetime.now(UTC) - timedelta(hours=3, minutes=5)).isoformat(),
        "Path": f"{BUCKET}/{key(stack)}",
        **content,
    }
    put_body(bucket, stack, json.dumps(info).encode())


def put_body(bucket: StateBucket, stack: str, body: bytes) -> None:
    bucket.s3.put_object(Bucket=BUCKET, Key=f"{key(stack)}.tflock", Body=body)


def locked(bucket: StateBucket) -> set[str]:
    found = bucket.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())
    return {each["Key"].removesuffix(".tflock") for each in found if each["Key"].endswith(".tflock")}


def shown(bucket: StateBucket) -> list[dict[str, Any]]:
    return list(json.loads(bucket.ops("unlock", "--json").stdout))


def test_nothing_is_locked(state_bucket: StateBucket) -> None:
    put(state_bucket, "data")
    state_bucket.s3.delete_object(Bucket=BUCKET, Key=f"{key('data')}.tflock")
    assert state_bucket.ops("unlock").stdout == "No state of dev is locked.\n"
    assert state_bucket.ops("unlock", "--apply", "--json").stdout == "[]\n"


def test_a_lock_is_explained_and_removed(state_bucket: StateBucket) -> None:
    put(state_bucket, "data")
    put(state_bucket, "services", Who="me@elsewhere", Operation="OperationTypePlan")
    dry = state_bucket.ops("unlock")
    assert dry.returncode == 0, dry.stderr
    for said in (
        "id-of-data",
        "ci@runner",
        "3 h 5 min ago",
        "OperationTypeApply",
        "ask me@elsewhere, or look at the CI run",
    ):
        assert said in dry.stdout
    assert "add --apply" in dry.stdout
    assert locked(state_bucket) == {key("data"), key("services")}
    applied = state_bucket.ops("unlock", "--apply")
    assert applied.returncode == 0, applied.stderr
    assert "Next: `ops recover`" in applied.stdout
    assert locked(state_bucket) == set()


def test_a_lock_beside_no_state(state_bucket: StateBucket) -> None:
    """Of a first deploy that was killed before Terraform stored anything."""
    state_bucket.forget()
    put(state_bucket, "network")
    assert state_bucket.ops("unlock", "--apply").returncode == 0
    assert locked(state_bucket) == set()


@pytest.mark.parametrize(
    "body",
    [b"", b" \n", b"{", b"[]", b"null", b'{"ID": 1}', b"\xff", b"[" * 100_000, b'{"ID": ""}'],
    ids=range(9),
)
def test_a_damaged_lock(body: bytes, state_bucket: StateBucket) -> None:
    put_body(state_bucket, "data", body)
    ran = state_bucket.ops("unlock")
    assert ran.returncode == 0, ran.stderr
    assert "none of Terraform's" in ran.stdout
    assert state_bucket.ops("unlock", "--apply").returncode == 0
    assert locked(state_bucket) == set()


def test_the_date_as_terraform_writes_it() -> None:
    found = lock.Lock("data", b"", "id", "", "", "2026-01-02T03:04:05.123456789Z")
    assert found.since.startswith("2026-01-02 03:04:05Z, ")


@pytest.mark.parametrize("created", ["", "yesterday", "2026-01-02", "9" * 5000, "0001-01-01T00:00:00+23:59"])
def test_any_date(created: str, state_bucket: StateBucket) -> None:
    put(state_bucket, "data", Created=created)
    ran = state_bucket.ops("unlock")
    assert ran.returncode == 0, ran.stderr
    assert "id-of-data" in ran.stdout


def test_a_lock_that_was_taken_meanwhile_is_left(state_bucket: StateBucket) -> None:
    put(state_bucket, "data")
    put(state_bucket, "network")
    really = lock.remove

    def taken_meanwhile(states: Any, found: lock.Lock) -> bool:
        if found.stack == "data":
            put(state_bucket, "data", ID="newer")
        return really(states, found)

    with patch.object(lock, "remove", taken_meanwhile):
        ran = state_bucket.ops("unlock", "--apply")
    assert_one_line(ran, "taken meanwhile")
    assert "another one: left" in ran.stdout
    assert locked(state_bucket) == {key("data")}


def test_a_lock_of_this_machine(state_bucket: StateBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # ps takes it for the width of the terminal.
    monkeypatch.setenv("COLUMNS", "40")
    put(state_bucket, "data", Who=f"me@{HERE}")
    program = tmp_path / "terraform"
    program.symlink_to(sys.executable)
    waiting = "print(flush=True); input()"
    command = [str(program), "-c", waiting, "apply", "-var=password=Passw0rd"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (found,) = shown(state_bucket)
        process.communicate(b"\n")
    assert found["may_run"].startswith("yes: on this machine run ")
    assert f"terraform (process {process.pid})" in found["may_run"]
    assert "Passw0rd" not in found["may_run"]
    (found,) = shown(state_bucket)
    assert str(process.pid) not in found["may_run"]


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        ("terraform apply", True),
        ("/usr/bin/terraform", True),
        ("tofu plan", True),
        ("/venv/bin/python /project/launchers/terraform.py plan", True),
        (".terraform/providers/hashicorp/aws/terraform-provider-aws_v5.100.0_x5", False),
        ("[terraform] <defunct>", False),
        ("vi terraform.tf", False),
        ("grep terraform", False),
    ],
)
def test_which_process_is_a_terraform(command: str, is_one: bool) -> None:
    assert bool(unlock.TERRAFORM.match(command)) is is_one


def test_without_ps(state_bucket: StateBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    put(state_bucket, "data", Who=f"me@{HERE}")
    monkeypatch.setenv("PATH", "/nowhere")
    (found,) = shown(state_bucket)
    assert "look for a terraform on this machine" in found["may_run"]


def test_while_a_command_of_this_project_runs(state_bucket: StateBucket, tmp_path: Path) -> None:
    put(state_bucket, "data")
    with held(tmp_path / "cdktf.out", "cdktf deploy"):
        for arguments in (["unlock"], ["unlock", "--apply"]):
            assert_one_line(state_bucket.ops(*arguments), "is in use by `cdktf deploy`")
    assert locked(state_bucket) == {key("data")}


def test_a_state_that_could_not_be_stored_needs_the_lock(state_bucket: StateBucket, tmp_path: Path) -> None:
    put(state_bucket, "data")
    errored = tmp_path / "cdktf.out" / "stacks" / "data" / "errored.tfstate"
    errored.parent.mkdir(parents=True)
    errored.touch()
    assert state_bucket.ops("unlock", "--apply").returncode == 0
    assert locked(state_bucket) == set()
    assert errored.exists()
