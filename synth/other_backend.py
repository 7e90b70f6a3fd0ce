"""Lets ``terraform init`` work in an output folder in which another environment was deployed before."""

import json
from pathlib import Path

from synth.manifest import SYNTHESIZED, stacks_in_order

INITIALIZED = Path(".terraform", "terraform.tfstate")
"""Where ``terraform init`` notes a stack's backend, in its folder. The state itself is in S3."""


def forget_other_backends(outdir: str) -> None:
    """Removes Terraform's note of a backend that is not the synthesized one.

    With it, ``terraform init`` refuses ("Backend configuration changed"), and proposes ``-migrate-state``, which would
    copy the state of one environment over that of the other.
    """
    for stack in stacks_in_order(Path(outdir)):
        note = stack.folder / INITIALIZED
        if not note.is_file():
            continue
        synthesized = json.loads((stack.folder / SYNTHESIZED).read_text())["terraform"]["backend"]
        if not _is_of(note, synthesized):
            note.unlink()


def _is_of(note: Path, synthesized: dict[str, dict[str, object]]) -> bool:
    try:
        noted = json.loads(note.read_text())["backend"]
        config = synthesized[noted["type"]]
        return all(noted["config"][key] == value for key, value in config.items())
    except (ValueError, LookupError, TypeError):
        return False
