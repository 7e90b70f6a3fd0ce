"""``python -m local``: deploys all stacks onto an embedded AWS and keeps it running until Ctrl-C."""

import argparse
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Column, Table

from local import embedded_aws
from local.deployment import Deployment
from local.embedded_aws import EmbeddedAws
from settings import Settings, load_or_exit

INTERRUPTED = 128 + signal.SIGINT


def main() -> int:
    """Returns the exit code: of what failed, 130 when interrupted, or 0."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop the embedded AWS right after the deploy")
    once: bool = parser.parse_args().once
    settings = load_or_exit()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _deploy(settings, once=once)
    except KeyboardInterrupt:
        return INTERRUPTED
    except embedded_aws.StartError as error:
        print(error, file=sys.stderr)
        return 1


def _deploy(settings: Settings, *, once: bool) -> int:
    # In a pipe, a line is as long as it needs to be.
    console = Console(width=None if sys.stdout.isatty() else 200)
    with TemporaryDirectory(prefix="langfuse-local-") as folder, embedded_aws.running(settings.region) as aws:
        deployment = Deployment(aws, Path(folder))
        status = deployment.bootstrap() or deployment.deploy()
        if status == 0:
            console.print(_table(deployment.outputs()))
        if status == 0 and not once:
            _wait(console, aws)
    return status


def _table(outputs: dict[str, dict[str, Any]]) -> Table:
    table = Table("stack", "output", Column("value", overflow="fold"), title="Outputs")
    table.columns[1].no_wrap = True
    for stack, values in outputs.items():
        for name, value in values.items():
            table.add_row(stack, name, "\n".join(value) if isinstance(value, list) else str(value))
        table.add_section()
    return table


def _wait(console: Console, aws: EmbeddedAws) -> None:
    """Returns at Ctrl-C."""
    console.print("The embedded AWS runs until Ctrl-C. To look around from another terminal:")
    for name, value in aws.environment.items():
        console.print(f"  export {name}={value}", soft_wrap=True, highlight=False)
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Stopping.")


def _interrupt(*_: object) -> NoReturn:
    """Makes ``kill`` end us as Ctrl-C does, so that nothing is left running."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
