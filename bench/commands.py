"""Measures the ``make`` targets, and a floor for each: the duration of the work that it can't avoid."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

PROJECT = Path(__file__).parent.parent
RUNS = 3
LONGEST_PATH = ("aws_vpc", "aws_vpc_endpoint", "aws_db_instance", "aws_lb")
"""The resource types on a deploy's critical path: created one after the other, with the provider's longest waits."""
WAIT = re.compile(r"(?P<type>\w+)\.\S+: Creation complete after (?:(?P<minutes>\d+)m)?(?P<seconds>\d+)s")


class Timed(NamedTuple):
    """Duration of a command, and of its floor, in seconds."""

    seconds: float
    floor_seconds: float

    @property
    def ratio(self) -> float:
        """Duration as a multiple of the floor."""
        return self.seconds / self.floor_seconds


FLOORS = {
    "make setup": "uv and npm alone, downloads included",
    "make local ARGS=--once": f"the provider's fixed waits for {', '.join(LONGEST_PATH)}",
    "make unit": "collecting the tests",
}
"""The commands to measure, with the work that each one's floor consists of. ``make test`` takes too long: .ci/run tells
its duration each time."""


def timed_commands() -> dict[str, Timed]:
    """Runs each command ``RUNS`` times, each time in a new clone of the last commit, and returns the medians.

    ``make unit``, which takes minutes, is run once. Each duration is printed to stderr as soon as it is measured.
    """
    runs: dict[str, list[Timed]] = {command: [] for command in FLOORS}
    for number in range(RUNS):
        with TemporaryDirectory(prefix="bench-") as folder:
            clone = Path(folder, "clone")
            subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
            for command, run in (
                ("make setup", _setup),
                ("make local ARGS=--once", _local),
                *([("make unit", _unit)] if number == 0 else []),
            ):
                timed = run(clone)
                runs[command].append(timed)
                print(f"{command}: {timed.seconds:.1f} s, floor {timed.floor_seconds:.1f} s", file=sys.stderr)
    return {
        command: Timed(median(run.seconds for run in each), median(run.floor_seconds for run in each))
        for command, each in runs.items()
    }


def _setup(clone: Path) -> Timed:
    """Measures ``make setup`` in a new clone, with empty caches of uv, pip and npm."""
    with TemporaryDirectory() as caches_folder, TemporaryDirectory() as other:
        seconds = _seconds(clone, "make", "setup", **_empty_caches(Path(caches_folder, "first")))
        venv = Path(other, ".venv")
        subprocess.run(["python3", "-m", "venv", "--without-pip", str(venv)], check=True)
        caches = _empty_caches(Path(caches_folder, "second"))
        for file in ("package.json", "package-lock.json"):
            shutil.copy(clone / file, other)
        uv = [str(clone / ".venv/bin/uv"), "pip", "install", "--quiet", "--python", str(venv / "bin/python")]
        npm = [str(clone / ".venv/bin/npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", other]
        floor = _seconds(clone, *uv, "--require-hashes", "-r", "requirements-dev.txt", **caches)
        floor += _seconds(clone, *npm, **caches)
    return Timed(seconds, floor)


def _empty_caches(folder: Path) -> dict[str, str]:
    return {
        "UV_CACHE_DIR": str(folder / "uv"),
        "PIP_CACHE_DIR": str(folder / "pip"),
        "npm_config_cache": str(folder / "npm"),
    }


def _local(clone: Path) -> Timed:
    start = time.perf_counter()
    said = _run(clone, "make", "local", "ARGS=--once")
    seconds = time.perf_counter() - start
    (log,) = re.findall(r"\S+\.log", said)
    waits: dict[str, int] = {}
    for wait in WAIT.finditer(Path(log).read_text()):
        waits[wait["type"]] = max(waits.get(wait["type"], 0), int(wait["minutes"] or 0) * 60 + int(wait["seconds"]))
    return Timed(seconds, sum(waits[type_] for type_ in LONGEST_PATH))


def _unit(clone: Path) -> Timed:
    # With --collect-only, syrupy would report all snapshots as unused.
    collect = ["-m", "pytest", "-p", "no:syrupy", "--collect-only", "--quiet", "tests/unit"]
    # The first time, Python compiles the modules.
    _, floor = (_seconds(clone, ".venv/bin/python", *collect, PYTHONDONTWRITEBYTECODE="") for _ in range(2))
    return Timed(_seconds(clone, "make", "unit"), floor)


def _seconds(clone: Path, *command: str, **variables: str) -> float:
    start = time.perf_counter()
    _run(clone, *command, **variables)
    return time.perf_counter() - start


def _run(clone: Path, *command: str, **variables: str) -> str:
    ran = subprocess.run(
        command,
        cwd=clone,
        env=_environment(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise SystemExit(f"{ran.stdout}\n{' '.join(command)} failed with exit code {ran.returncode}")
    return ran.stdout


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Returns this process's variables and ``variables``, without this project's folders in the PATH."""
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder).is_relative_to(PROJECT)]
    return {**os.environ, **variables, "PATH": os.pathsep.join(path)}
