"""Tests of the lock on the output folder, and of the state that is nowhere else."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops import apply, plan
from synth.outdir_lock import OutdirInUseError, held
from tests.command_line import PROJECT, assert_one_line, ops_in_process

HOLD = """
import os, sys
from pathlib import Path
from synth.outdir_lock import held
with held(Path(sys.argv[1]), "ops apply"):
    {then}
"""
WAIT = "print(flush=True); sys.stdin.read()"
EXEC = "os.execvp('sh', ['sh', '-c', 'echo; cat'])"


@contextmanager
def holder(outdir: Path, then: str = WAIT) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder."""
    command = [sys.executable, "-c", HOLD.format(then=then), str(outdir)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        yield process
        process.kill()


@pytest.mark.parametrize("then", [WAIT, EXEC], ids=["runs", "became another program"])
def test_the_second_command_is_told_who_holds_the_folder(tmp_path: Path, then: str) -> None:
    with holder(tmp_path, then) as process:
        said = (
            rf"{tmp_path.name} is in use by `ops apply`, process {process.pid}, since 20\d\d-\S+ \d\d:\d\d:\d\dZ: wait"
        )
        with pytest.raises(OutdirInUseError, match=said), held(tmp_path, "ops plan"):
            pass


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_process_that_is_gone_is_taken_over(tmp_path: Path, end: signal.Signals) -> None:
    with holder(tmp_path) as process:
        process.send_signal(end)
        process.wait()
        with held(tmp_path, "ops plan"):
            assert f"`ops plan`, process {os.getpid()}" in (tmp_path / ".lock").read_text()


def test_the_folder_is_free_after_the_command(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path, "ops plan"):
            pass


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_ops_leaves_a_folder_in_use_as_it_is(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (plan, apply):
        monkeypatch.setattr(module, "OUTDIR", tmp_path)
    (tmp_path / "manifest.json").touch()
    with holder(tmp_path):
        assert_one_line(ops_in_process(command, environment={}), f"{tmp_path.name} is in use by `ops apply`")
    assert (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("option", ["--output", "-o", "CDKTF_OUTPUT"])
def test_cdktf_leaves_a_folder_in_use_as_it_is(option: str, tmp_path: Path) -> None:
    arguments = [option, str(tmp_path)] if option.startswith("-") else []
    environment = os.environ if arguments else {**os.environ, option: str(tmp_path)}
    with holder(tmp_path):
        command = [sys.executable, "-m", "launchers.cdktf", "deploy", "*", *arguments]
        ran = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert_one_line(ran, f"cdktf: {tmp_path.name} is in use by `ops apply`")


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_folder_that_cant_be_made(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (plan, apply):
        monkeypatch.setattr(module, "OUTDIR", Path("/proc/nowhere"))
    assert_one_line(ops_in_process(command, environment={}), "ops: /proc/nowhere: No such file or directory")


@pytest.fixture
def errored_state(tmp_path: Path) -> Path:
    state = tmp_path / "cdktf.out" / "stacks" / "data" / "errored.tfstate"
    state.parent.mkdir(parents=True)
    state.touch()
    return state


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_state_that_could_not_be_stored_stays(
    command: str, errored_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (plan, apply):
        monkeypatch.setattr(module, "OUTDIR", tmp_path / "cdktf.out")
    ran = ops_in_process(command, environment={})
    assert_one_line(ran, "stacks/data/errored.tfstate", "`terraform state push errored.tfstate`")
    assert errored_state.exists()


def test_make_clean_leaves_it(errored_state: Path, tmp_path: Path) -> None:
    command = ["make", "-f", str(PROJECT / "Makefile"), "clean"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "`terraform state push errored.tfstate`" in ran.stderr
    assert errored_state.exists()
    errored_state.unlink()
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    assert not (tmp_path / "cdktf.out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ops_waits_for_terraform_to_store_the_state(number: signal.Signals, tmp_path: Path) -> None:
    program = "trap 'sleep 0.6; touch stored; exit 1' INT; echo started >&2; while :; do sleep 0.1; done"
    code = (
        "import sys, pathlib, entry_point, ops.terraform as t;"
        " entry_point.run('ops', lambda: t.run(*sys.argv[2:], folder=pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path), "sh", "-c", program]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "started\n"
        os.killpg(process.pid, number)
        process.communicate()
    assert process.returncode == 128 + number
    assert (tmp_path / "stored").exists()
