"""The stacks of a synthesized app, and the order in which they are applied, from the manifest that CDKTF writes."""

import json
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

SYNTHESIZED = "cdk.tf.json"
"""The stack's configuration, in its folder."""


class StackManifest(NamedTuple):
    """What the manifest says of a stack.

    Args:
        name: the stack's id.
        folder: where its JSON is, and Terraform runs.
        dependencies: the names of the stacks whose outputs it reads, in the order in which they are applied.
    """

    name: str
    folder: Path
    dependencies: Sequence[str]


def stacks_in_order(outdir: Path) -> list[StackManifest]:
    """The stacks that were synthesized into ``outdir``, each after those that it depends on.

    Raises:
        FileNotFoundError: if nothing was synthesized there.
    """
    stacks = json.loads((outdir / "manifest.json").read_text())["stacks"]
    order = list(TopologicalSorter({name: stack["dependencies"] for name, stack in stacks.items()}).static_order())
    return [
        StackManifest(
            name=name,
            folder=outdir / stacks[name]["workingDirectory"],
            dependencies=sorted(stacks[name]["dependencies"], key=order.index),
        )
        for name in order
    ]
