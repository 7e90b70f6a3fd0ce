"""The synthesized JSON of the stacks."""

import json
from pathlib import Path
from typing import Any

from synth.manifest import SYNTHESIZED


def stacks_in(folder: Path) -> dict[str, dict[str, Any]]:
    """The JSON of each stack below ``cdktf.out/stacks``.

    Raises:
        FileNotFoundError: if nothing was synthesized there.
    """
    files = sorted(folder.glob(f"*/{SYNTHESIZED}"))
    if not files:
        raise FileNotFoundError(2, "no stack was synthesized there", str(folder))
    return {file.parent.name: json.loads(file.read_text()) for file in files}
