"""Runs the real ``cdktf`` against an embedded AWS."""

import json
import os
import sys
from pathlib import Path
from signal import SIGINT
from typing import Any

from local.child_process import child_process
from local.embedded_aws import EmbeddedAws
from settings import Settings

CDKTF = Path(sys.prefix, "bin", "cdktf")
STOP_TIMEOUT_SECONDS = 60
"""How long Terraform may take to finish what it has begun, when interrupted."""


def create_state_bucket(aws: EmbeddedAws, settings: Settings) -> None:
    """Makes the bucket that the stacks keep their state in."""
    s3 = aws.session().client("s3", endpoint_url=aws.url)
    s3.create_bucket(Bucket=settings.state.bucket)


def deploy(aws: EmbeddedAws, output: Path) -> int:
    """Deploys all stacks, with the synthesized JSON in ``output``; returns the exit code of ``cdktf``."""
    return _run(aws, "deploy", "*", "--output", str(output), "--outputs-file", str(_outputs_file(output)))


def destroy(aws: EmbeddedAws, output: Path) -> int:
    """Destroys all stacks that ``deploy`` made; returns the exit code of ``cdktf``."""
    return _run(aws, "destroy", "*", "--output", str(output))


def outputs(output: Path) -> dict[str, dict[str, Any]]:
    """The outputs of each stack that the last ``deploy`` left in ``output``, without the ones between stacks."""
    stacks: dict[str, dict[str, Any]] = json.loads(_outputs_file(output).read_text())
    return {
        stack: {name: value for name, value in values.items() if not name.startswith("cross-stack-output")}
        for stack, values in stacks.items()
    }


def _outputs_file(output: Path) -> Path:
    return output / "outputs.json"


def _run(aws: EmbeddedAws, *arguments: str) -> int:
    environment = {**os.environ, **aws.environment, "CI": "1", "CHECKPOINT_DISABLE": "1"}
    command = [str(CDKTF), *arguments, "--auto-approve", "--skip-provider-lock"]
    with child_process(
        command, environment=environment, stop_signal=SIGINT, stop_timeout_seconds=STOP_TIMEOUT_SECONDS
    ) as process:
        return process.wait()
