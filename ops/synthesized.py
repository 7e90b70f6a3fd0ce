"""The synthesized JSON of the environment, apart from cdktf.out."""

import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from ops.errors import OpsError
from ops.terraform import PROJECT, CommandError, run
from synth.configurations import stacks_in


def synthesized_stacks(variables: Mapping[str, str] = MappingProxyType({})) -> dict[str, dict[str, Any]]:
    """The JSON of each stack of the environment that LANGFUSE_ENV names, with ``variables`` added to its settings.

    Raises:
        OpsError: if it can't be synthesized.
    """
    with TemporaryDirectory() as folder:
        try:
            run(
                sys.executable,
                "main.py",
                folder=PROJECT,
                capture=True,
                variables={**variables, "CDKTF_OUTDIR": folder},
            )
        except CommandError:
            raise OpsError("the stacks can't be synthesized: run `make synth`, which says why") from None
        return stacks_in(Path(folder, "stacks"))
