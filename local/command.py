"""Deploys all stacks onto an embedded AWS and keeps it running until Ctrl-C."""

import argparse
import signal
import sys
from collections import deque
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from launchers.opentofu import OpenTofuError, opentofu
from local import embedded_aws
from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from local.progress import Progress
from local.view import View
from ops.console import console, show, table
from settings import Settings, load_or_exit

LAST_LINES = 20
"""How many lines of the log are shown when the deploy fails."""


def main() -> int:
    """Returns the exit code: 0, or that of the command that failed."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop the embedded AWS right after the deploy")
    once: bool = parser.parse_args().once
    settings = load_or_exit()
    try:
        # Before an AWS is started for a program that is not there.
        opentofu()
        return _run(settings, once=once)
    except (OpenTofuError, embedded_aws.StartError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(settings: Settings, *, once: bool) -> int:
    with (
        # The log is kept for reading after the run.
        NamedTemporaryFile("w", prefix="langfuse-local-", suffix=".log", delete=False) as log,
        TemporaryDirectory(prefix="langfuse-local-") as folder,
        embedded_aws.running(settings.region) as aws,
    ):
        console.print(f"Deploying {settings.name} onto an embedded AWS. The log: {log.name}")
        view = View(console, Progress())
        last_lines: deque[str] = deque(maxlen=LAST_LINES)

        def report(line: str) -> None:
            print(line, file=log, flush=True)
            last_lines.append(line)
            view.read(line)

        deployment = Deployment(aws, Path(folder), report=report)
        with view.shown():
            view.stage("creating the state's bucket")
            status = deployment.bootstrap()
            if status == 0:
                view.stage("synthesizing and planning")
                status = deployment.deploy()
        if status != 0:
            print("\n".join(["The deploy failed:", *last_lines, f"The log: {log.name}"]), file=sys.stderr)
            return status
        rows = (
            (stack, name, "\n".join(value) if isinstance(value, list) else value)
            for stack, values in deployment.outputs().items()
            for name, value in values.items()
        )
        show(table("stack", "output", "value", rows=rows))
        if not once:
            _wait(aws, settings)
    return 0


def _wait(aws: EmbeddedAws, settings: Settings) -> None:
    """Prints how to use the embedded AWS, and returns at Ctrl-C."""
    variables = {"LANGFUSE_ENV": settings.name, **aws.environment}
    exports = " ".join(f"{name}={value}" for name, value in variables.items())
    console.print(
        "The embedded AWS runs until Ctrl-C. It runs no containers: alb_url does not answer, and there are no logs.",
        "Try it from another terminal, in this folder:",
        f"  export {exports}",
        "  .venv/bin/ops status      # shows what runs and what does not",
        "  .venv/bin/ops doctor      # checks for the known causes of a Langfuse that does not start",
        "docs/operate.md has more to try.",
        sep="\n",
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Stopping.")
        raise
