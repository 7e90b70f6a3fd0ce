"""The real ``ops bootstrap`` and ``cdktf``, and its stacks, on an embedded AWS."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.child_process import child_process
from local.embedded_aws import EmbeddedAws

CDKTF = Path(sys.prefix, "bin", "cdktf")
OPS = Path(sys.prefix, "bin", "ops")


@dataclass(frozen=True)
class Deployment:
    """All stacks of one environment, synthesized into ``folder``.

    ``variables`` are laid over the process's own: ``LANGFUSE_ENV`` and settings.
    """

    aws: EmbeddedAws
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What ``cdktf`` and ``terraform`` run with."""
        return {
            **os.environ,
            **self.aws.environment,
            **self.variables,
            "CI": "1",
            "CHECKPOINT_DISABLE": "1",
            # Where an interrupted Terraform leaves its plugins' sockets.
            "TMPDIR": str(self.folder),
        }

    def bootstrap(self) -> int:
        """Makes the bucket for Terraform's state; returns the exit code of ``ops``."""
        with child_process([str(OPS), "bootstrap", "--apply"], environment=self.environment) as process:
            return process.wait()

    def deploy(self) -> int:
        """Deploys all stacks; returns the exit code of ``cdktf``."""
        return self._run("deploy", "--outputs-file", str(self._outputs_file))

    def destroy(self) -> int:
        """Destroys all stacks; returns the exit code of ``cdktf``."""
        return self._run("destroy")

    def outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of each stack after a deploy, without those that are only for other stacks."""
        stacks: dict[str, dict[str, Any]] = json.loads(self._outputs_file.read_text())
        return {
            stack: {name: value for name, value in values.items() if not name.startswith("cross-stack-output")}
            for stack, values in stacks.items()
        }

    @property
    def _outputs_file(self) -> Path:
        return self.folder / "outputs.json"

    def _run(self, command: str, *options: str) -> int:
        # The lock step would ask the registry, which a mirror is there to replace.
        always = ["--auto-approve", "--skip-provider-lock", "--output", str(self.folder)]
        command_line = [str(CDKTF), command, "*", *always, *options]
        with child_process(command_line, environment=self.environment) as process:
            return process.wait()
