"""Tests of the entry point: what is left of an error is one line and an exit code."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given, strategies as st

import entry_point
from tests.command_line import PROJECT, Ran, assert_one_line

SECRET = "sk-lf-0123"  # noqa: S105  # pragma: allowlist secret


def ends(error: BaseException, capsys: pytest.CaptureFixture[str]) -> Ran:
    def command() -> NoReturn:
        raise error

    with pytest.raises(SystemExit) as ended:
        entry_point.run("ops", command)
    return Ran((), int(ended.value.code or 0), *capsys.readouterr())


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/state"), "ops: /state: Permission denied\n"),
        (OSError(errno.ENOSPC, "No space left on device"), "ops: No space left on device\n"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "ops: the current folder: No such file\n"),
        (RuntimeError("Error: EROFS: read-only file system, open 'a'"), "ops: read-only file system, open 'a'\n"),
        (MemoryError(), "ops: there is not enough memory\n"),
    ],
)
def test_what_the_system_refuses_is_said(error: Exception, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = ends(error, capsys)
    assert (ran.returncode, ran.stderr) == (1, line)


@pytest.mark.parametrize("error", [KeyError(SECRET), ValueError(f"{SECRET}\n"), RecursionError(), RuntimeError(SECRET)])
def test_anything_else_is_named_without_its_message(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    ran = ends(error, capsys)
    assert_one_line(ran, f"internal error: {type(error).__name__} in tests/unit/test_entry_point.py:", "report")
    assert SECRET not in ran.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141), (SystemExit(), 0), (SystemExit(3), 3)],
)
def test_other_ends_say_nothing(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    ran = ends(error, capsys)
    assert (ran.returncode, ran.stderr) == (code, "")


def test_a_reason_to_exit_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert_one_line(ends(SystemExit("ops: not now"), capsys), "ops: not now")


PROGRAM = '\nif __name__ == "__main__":\n'
PRINTING = "import entry_point; entry_point.run('ops', lambda: print('→', 'x' * 100_000))"


def python(code: str, redirection: str = "", **variables: str) -> Ran:
    return subprocess.run(
        ["bash", "-c", f'"$0" -c "$1" {redirection}', sys.executable, code],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("redirection", "code", "stderr"),
    [
        ("> /dev/full", 1, "ops: No space left on device\n"),
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        ("< /dev/null > /dev/null", 0, ""),
        ("| head -c 1 > /dev/null; exit ${PIPESTATUS[0]}", 141, ""),
    ],
)
def test_output_that_cant_be_written(redirection: str, code: int, stderr: str) -> None:
    ran = python(PRINTING, redirection)
    assert (ran.returncode, ran.stderr) == (code, stderr)


def test_characters_that_the_terminal_lacks_are_escaped() -> None:
    ran = python(PRINTING, PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stdout[:8]) == (0, r"\u2192 x")


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    code = f"import os, entry_point; os.chdir('{tmp_path}'); os.rmdir('{tmp_path}'); entry_point.run('ops', os.getcwd)"
    assert_one_line(python(code), "ops: the current folder: No such file or directory")


CLEANING = """
import os, signal, sys, entry_point
def command():
    try:
        print("started", flush=True)
        sys.stdin.read()
    finally:
        os.kill(os.getpid(), {again})
        print("cleaned")
entry_point.run("ops", command)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_a_command_lets_it_clean_up(number: signal.Signals) -> None:
    """A second one does not interrupt that."""
    command = [sys.executable, "-c", CLEANING.format(again=signal.SIGTERM.value)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(number)
        assert process.communicate() == ("cleaned\n", "")
    assert process.returncode == 128 + number


def test_every_program_ends_by_the_entry_point() -> None:
    """Except Terraform's launcher, which is Terraform, and the embedded AWS, which no one types."""
    others = {PROJECT / "launchers" / "terraform.py", PROJECT / "local" / "emulator" / "server.py"}
    folders = [folder for folder in PROJECT.iterdir() if (folder / "__init__.py").exists()]
    files = {*PROJECT.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))} - others
    programs = {file: program for file in files if (program := file.read_text().partition(PROGRAM)[2])}
    assert len(programs) > 10
    assert [file for file, program in programs.items() if "run(" not in program and "main()" not in program] == []


def test_the_development_mode_shows_the_traceback() -> None:
    ran = python("import entry_point; entry_point.run('ops', lambda: {}['absent'])", PYTHONDEVMODE="1")
    assert ran.returncode == 1
    assert "KeyError: 'absent'" in ran.stderr


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    assert entry_point.one_line(text).isprintable()


@given(st.from_regex(r"\A[!-.0-~]{1,20}:[!-.0-~]{1,20}\Z"))
def test_credentials_in_a_url_are_left_out(credentials: str) -> None:
    shown = entry_point.one_line(f"could not connect to https://{credentials}@host:8443/path again")
    assert shown == "could not connect to https://host:8443/path again"
