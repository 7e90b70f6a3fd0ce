"""Runs the blocks of a page, as a reader does: in their order, in one shell, in a copy of the project."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.command_line import PROJECT, Ran, copy_project
from tests.docs.blocks import Block, name

VENV = Path(sys.prefix)
AWS_CLI = f"""#!/bin/sh
# In us-east-1, version 1 of the AWS CLI ignores AWS_ENDPOINT_URL for RDS.
exec {shlex.quote(str(VENV / "awscli" / "bin" / "aws"))} --endpoint-url "$AWS_ENDPOINT_URL" "$@"
"""
STRICT = ("-e", "-u", "-o", "pipefail")
OF_MAKE = {"ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"}
"""What ``make commands`` passes to every make that it starts."""
TIMEOUT_SECONDS = 2400
MARK = "--- "


def working_copy(folder: Path) -> Path:
    """Copies the project to ``folder``, with links to what is installed and the AWS CLI, and returns ``folder``.

    Its ``.venv`` is a folder of links, not a link: ``make setup`` writes to it, for the copy alone.
    """
    copy_project(folder)
    (folder / ".venv" / "bin").mkdir(parents=True)
    for installed in (*VENV.iterdir(), *(VENV / "bin").iterdir()):
        link = folder / ".venv" / installed.relative_to(VENV)
        if not link.exists():
            link.symlink_to(installed)
    aws = folder / ".venv" / "bin" / "aws"
    aws.write_text(AWS_CLI)
    aws.chmod(0o755)
    (folder / "node_modules").symlink_to(PROJECT / "node_modules")
    return folder


def script(blocks: Sequence[Block]) -> str:
    """Returns the blocks as one script, in which each line has the number that it has in the page.

    In the place of each fence, a command prints the fence's place.
    """
    lines: list[str] = []
    for block in blocks:
        lines += [""] * (block.line - 1 - len(lines))
        lines += [f"echo '{MARK}{block.place}'", *block.text.splitlines()]
    return "\n".join(lines) + "\n"


def run_blocks(blocks: Sequence[Block], folder: Path, environment: Mapping[str, str], stdin: str = "") -> Ran:
    """Runs the blocks in ``folder``, a working copy. Returns the exit code, and what was printed on both streams.

    After ``TIMEOUT_SECONDS``, everything is killed, and the exit code is -9.

    Args:
        blocks: those of one page.
        folder: the current folder of the first block.
        environment: the variables.
        stdin: what a reader types.
    """
    file, typed, printed = (folder.with_suffix(suffix) for suffix in (".sh", ".stdin", ".output"))
    file.write_text(script(blocks))
    typed.write_text(stdin)
    inherited = {variable: value for variable, value in environment.items() if variable not in OF_MAKE}
    path = os.pathsep.join([str(folder / ".venv" / "bin"), environment["PATH"]])
    # Files, not pipes: a program in the background would keep a pipe open.
    with typed.open() as reads, printed.open("w") as writes:
        process = subprocess.Popen(
            ["bash", *STRICT, str(file)],
            cwd=folder,
            # The commands that pip has installed would import the project itself, not the copy.
            env={**inherited, "PATH": path, "PYTHONPATH": str(folder)},
            stdin=reads,
            stdout=writes,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(TIMEOUT_SECONDS)
        finally:
            # Also what a block has started in the background.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return Ran(name(blocks[0].page), process.wait(), printed.read_text(), "")


def failure(blocks: Sequence[Block], ran: Ran) -> str:
    """Says which block failed, and shows it and what was printed."""
    *_, failed = (block for block in blocks if f"{MARK}{block.place}\n" in ran.stdout)
    return f"{failed.place}: exit code {ran.returncode}\n{failed.text}\nprinted by the whole page:\n{ran.stdout}"
