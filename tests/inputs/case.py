"""What a case of the corpus is, and the ways to try one: as a setting, a file, variables, a command or a process."""

import io
import json
import resource
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import settings
from settings import SettingsError
from settings.load import OVERRIDE_PREFIX
from tests.command_line import PROJECT, ops_in_process

CANARY = "hunter2-canary"
"""Stands for a secret in the inputs. It must never be printed."""
BYTES = 512 * 1024 * 1024
BASE = 'region = "eu-central-1"\n'
STATE = '[state]\nbucket = "acme-langfuse-state"\n'
"""With ``BASE``, the smallest environment file that is right."""


class Said(NamedTuple):
    """What a program answered."""

    code: int
    out: str = ""
    err: str = ""


@dataclass(frozen=True)
class Case:
    """An input, and the answer to it.

    Args:
        what: the input, in a few words.
        attempt: gives the input to the program, and may write to the folder, which is empty.
        code: the exit code that the program must have: 2, or 3 for a plan that loses data, or 0.
        must_say: words of the answer, such as the setting to use instead.
    """

    what: str
    attempt: Callable[[Path], Said]
    code: int = 2
    must_say: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the input is right, though it looks like a wrong one."""
        return self.code == 0


def right(case: Case) -> Case:
    """The case of an input that must be accepted."""
    return replace(case, code=0)


def says(case: Case, *words: str) -> Case:
    """The case whose answer must have these words."""
    return replace(case, must_say=words)


def variables(
    given: Mapping[str, str],
    *,
    what: str = "",
    file: str = BASE + STATE,
    make: Callable[[Path], object] = lambda _: None,
) -> Case:
    """Loads an environment file with these environment variables. ``make`` makes other files beside it."""

    def attempt(folder: Path) -> Said:
        (folder / "acme.toml").write_text(file)
        make(folder)
        return _load({"LANGFUSE_ENV": "acme", **given}, folder)

    return Case(what or shown(" ".join(f"{name}={value}" for name, value in given.items())), attempt)


def setting(path: str, value: object, **beside: object) -> Case:
    """Sets a setting with its variable, and others, by their paths with ``__`` for each dot, beside it."""
    given = {path: value, **{key.replace("__", "."): other for key, other in beside.items()}}
    what = shown(", ".join(f"{key} = {_text(other)}" for key, other in given.items()))
    return variables({variable(key): _text(other) for key, other in given.items()}, what=what)


def variable(path: str) -> str:
    """The variable of a setting: ``LANGFUSE_AWS__WEB__CPU`` of ``web.cpu``."""
    return OVERRIDE_PREFIX + path.replace(".", "__").upper()


def file(what: str, make: Callable[[Path], object] | bytes | str) -> Case:
    """Loads an environment file, which ``make`` makes at the path that it is given, or which has this content."""

    def attempt(folder: Path) -> Said:
        path = folder / "acme.toml"
        if callable(make):
            make(path)
        else:
            path.write_bytes(make if isinstance(make, bytes) else make.encode())
        return _load({"LANGFUSE_ENV": "acme"}, folder)

    return Case(what, attempt)


def command(
    *arguments: str,
    files: Mapping[str, bytes | str] = {},
    make: Callable[[Path], object] = lambda _: None,
    stdin: str = "",
    what: str = "",
    environment: str = "no-such-environment",
) -> Case:
    """Runs ``ops`` without credentials, and by default for an environment that does not exist.

    Right arguments are accepted, and then lead nowhere.

    ``{}`` in an argument is the folder, in which ``files`` are.
    """

    def attempt(folder: Path) -> Said:
        for name, content in files.items():
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        make(folder)
        placed = [argument.replace("{}", str(folder)) for argument in arguments]
        try:
            with little_memory():
                ran = ops_in_process(*placed, environment=_nowhere(folder, environment), stdin=stdin)
        except Exception:
            return Said(1, "", traceback.format_exc())
        reached = any(
            word in ran.stderr for word in (f'"{environment}": must be one of', "credentials", "can't be reached")
        )
        return Said(0 if reached and ran.returncode in (1, 2) else ran.returncode, ran.stdout, ran.stderr)

    return Case(what or shown(f"ops {' '.join(arguments)}"), attempt)


def process(what: str, *arguments: str, environment: Mapping[str, str | bytes] = {}) -> Case:
    """Runs Python with these arguments, and with no other environment variables than these."""

    def attempt(folder: Path) -> Said:
        given = {"PATH": "/usr/bin:/bin", "TMPDIR": str(folder), **environment}
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env={
                name: value.replace("{}", str(folder)) if isinstance(value, str) else value
                for name, value in given.items()
            },
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Said(ran.returncode, ran.stdout.decode(errors="surrogateescape"), ran.stderr.decode(errors="replace"))

    return Case(what, attempt)


def _nowhere(folder: Path, environment: str) -> dict[str, str]:
    nothing = str(folder / "nothing")
    return {
        "LANGFUSE_ENV": environment,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), nothing),
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ""),
    }


def _load(given: Mapping[str, str], environments: Path) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), little_memory():
        try:
            settings.load(given, environments=environments)
        except SettingsError as error:
            return Said(2, out.getvalue(), f"{err.getvalue()}settings: {error}\n")
        except Exception:
            return Said(1, out.getvalue(), err.getvalue() + traceback.format_exc())
    return Said(0, out.getvalue(), err.getvalue())


@contextmanager
def little_memory() -> Iterator[None]:
    """Raises a MemoryError in what takes more than ``BYTES`` more memory than this process has now, on Linux."""
    size = Path("/proc/self/statm")
    if not size.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(size.read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def shown(text: str) -> str:
    """The text as one short line of printable ASCII, for the table of failures."""
    line = text.encode("unicode_escape").decode()
    return line if len(line) <= 200 else f"{line[:100]}…{line[-60:]} ({len(text)} characters)"
