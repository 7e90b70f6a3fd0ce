"""Runs a program and tells how long it took and how much memory it and its children had at most."""

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
    """The median time of several runs, and the memory of the Python and the Node.js process together."""

    seconds: float
    memory_mib: float


class Program(NamedTuple):
    """Arguments of Python and the variables to run it with."""

    arguments: Sequence[str]
    variables: Mapping[str, str] = {}


def measure(programs: Mapping[str, Program], *, runs: int) -> dict[str, Measured]:
    """Runs each program once for its memory, which also warms the caches, and then ``runs`` times for its time.

    The programs take turns, so that a machine that is busy for a while slows all of them.
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
            # Warm means with Python's compiled modules, even where the machine says not to write them.
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
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total
