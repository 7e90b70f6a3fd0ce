"""Runs ``ops bootstrap`` and ``cdktf`` against an embedded AWS."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.child_process import child_process
from local.embedded_aws import EmbeddedAws

CDKTF = Path(sys.prefix, "bin", "cdktf")
OPS = Path(sys.prefix, "bin", "ops")
EVERY_STACK = "*"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Deployment:
    """All stacks of one environment, synthesized into ``folder``.

    ``variables`` are environment variables such as ``LANGFUSE_ENV`` and settings; they override those of this process.
    ``stacks`` are the names of those that ``deploy`` and ``destroy`` are for.
    ``report`` is called with each line that ``ops`` and ``cdktf`` print, without colours.
    """

    aws: EmbeddedAws
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    report: Callable[[str], object] = print
    stacks: Sequence[str] = (EVERY_STACK,)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of ``ops``, ``cdktf`` and ``terraform``."""
        return {
            **os.environ,
            **self.aws.environment,
            **self.variables,
            "CI": "1",
            # An interrupted Terraform leaves its plugins' sockets there.
            "TMPDIR": str(self.folder),
        }

    def bootstrap(self) -> int:
        """Creates the bucket for Terraform's state; returns the exit code of ``ops``."""
        return self._run(OPS, "bootstrap", "--apply")

    def deploy(self) -> int:
        """Deploys the stacks; returns the exit code of ``cdktf``."""
        return self._each(self.stacks, lambda stack: self._run_cdktf("deploy", stack, *self._stores_outputs(stack)))

    def destroy(self) -> int:
        """Destroys the stacks; returns the exit code of ``cdktf``."""
        return self._each(self.stacks[::-1], lambda stack: self._run_cdktf("destroy", stack))

    def outputs(self) -> dict[str, dict[str, Any]]:
        """The outputs of each stack after a deploy, without those that CDKTF adds for references between stacks."""
        stacks: dict[str, dict[str, Any]] = {}
        for stack in self.stacks:
            stacks |= json.loads(self._outputs_file(stack).read_text())
        return {
            stack: {name: value for name, value in values.items() if not name.startswith("cross-stack-output")}
            for stack, values in stacks.items()
        }

    def _outputs_file(self, stack: str) -> Path:
        return self.folder / f"outputs{'' if stack == EVERY_STACK else f'-{stack}'}.json"

    def _stores_outputs(self, stack: str) -> tuple[str, str]:
        return "--outputs-file", str(self._outputs_file(stack))

    def _each(self, stacks: Sequence[str], run: Callable[[str], int]) -> int:
        """Runs cdktf for one after the other: it keeps to no order where it may leave stacks out."""
        return next((code for stack in stacks if (code := run(stack)) != 0), 0)

    def _run_cdktf(self, command: str, stack: str, *options: str) -> int:
        """Runs the command. The embedded AWS knows its requests by the name that the SDKs send along."""
        # CDKTF's provider lock step needs the Terraform registry, even if a mirror has the provider.
        always = ["--auto-approve", "--skip-provider-lock", "--output", str(self.folder)]
        alone = [] if stack == EVERY_STACK else ["--ignore-missing-stack-dependencies"]
        return self._run(CDKTF, command, stack, *always, *alone, *options, user_agent=f"cdktf-{command}")

    def _run(self, program: Path, *arguments: str, user_agent: str = "") -> int:
        command = [str(program), *arguments]
        environment = {"AWS_SDK_UA_APP_ID": user_agent, **self.environment}
        with child_process(command, environment=environment, output=subprocess.PIPE) as process:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                self.report(COLOUR.sub("", line.decode(errors="replace").rstrip()))
            return process.wait()
