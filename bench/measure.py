"""Runs a program and tells how long it took and how much memory it and its children had at most."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

PROJECT = Path(__file__).parent.parent
SAMPLE_SECONDS = 0.01


class Measured(NamedTuple):
    """Medians over several runs. The memory is that of the Python and the Node.js process together."""

    seconds: float
    memory_mib: float


def measure(program: Sequence[str], variables: Mapping[str, str], *, runs: int) -> Measured:
    """Medians of ``runs`` runs after one that warms the caches."""
    results = [_run(program, variables) for _ in range(runs + 1)][1:]
    return Measured(median(result.seconds for result in results), median(result.memory_mib for result in results))


def _run(program: Sequence[str], variables: Mapping[str, str]) -> Measured:
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *program],
            cwd=PROJECT,
            # Warm means with Python's compiled modules, even where the machine says not to write them.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", "CDKTF_OUTDIR": folder, **variables},
            stdout=subprocess.DEVNULL,
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, _resident_bytes(psutil.Process(process.pid)))
            time.sleep(SAMPLE_SECONDS)
        seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(program)} failed with exit code {process.returncode}")
    return Measured(seconds, peak / 2**20)


def _resident_bytes(process: psutil.Process) -> int:
    total = 0
    with suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total
