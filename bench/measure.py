"""Measures the duration of programs, and the peak memory of each with its child processes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil
from rich.progress import track

PROJECT = Path(__file__).parent.parent
SAMPLE_SECONDS = 0.01


class Measured(NamedTuple):
    """Median duration of several runs, and peak memory of the Python and the Node.js process together."""

    seconds: float
    memory_mib: float


class Program(NamedTuple):
    """A program to measure: Python's arguments, and additional environment variables."""

    arguments: Sequence[str]
    variables: Mapping[str, str] = {}


def measure(programs: Mapping[str, Program], *, runs: int) -> dict[str, Measured]:
    """Runs each program once to measure its memory, and then ``runs`` times to measure its duration.

    The first run also fills the caches. The programs take turns, so that other load on the machine affects all of them.
    """
    memory_mib = {name: _memory_mib(programs[name]) for name in track(programs, description="Memory")}
    seconds = [
        {name: _seconds(program) for name, program in programs.items()} for _ in track(range(runs), description="Time")
    ]
    return {name: Measured(median(turn[name] for turn in seconds), memory_mib[name]) for name in programs}


def _seconds(program: Program) -> float:
    start = time.perf_counter()
    with _run(program):
        pass
    return time.perf_counter() - start


def _memory_mib(program: Program) -> float:
    peak = 0
    with _run(program) as process:
        while process.poll() is None:
            peak = max(peak, _resident_bytes(psutil.Process(process.pid)))
            time.sleep(SAMPLE_SECONDS)
    return peak / 2**20


@contextmanager
def _run(program: Program) -> Iterator[subprocess.Popen[bytes]]:
    with TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, *program.arguments],
            cwd=PROJECT,
            # The first run must write Python's compiled modules, even if the shell's environment turns that off.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", "CDKTF_OUTDIR": folder, **program.variables},
            stdout=subprocess.DEVNULL,
        )
        with process:
            yield process
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(program.arguments)} failed with exit code {process.returncode}")


def _resident_bytes(process: psutil.Process) -> int:
    total = 0
    with suppress(psutil.NoSuchProcess):
        for member in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
    return total
