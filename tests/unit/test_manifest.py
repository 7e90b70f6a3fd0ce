"""The order of the stacks."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from synth.manifest import stacks_in_order


def write(outdir: Path, dependencies: Mapping[str, Sequence[str]]) -> None:
    """A manifest as CDKTF writes it."""
    stacks = {
        name: {"name": name, "dependencies": list(needed), "workingDirectory": f"stacks/{name}"}
        for name, needed in dependencies.items()
    }
    (outdir / "manifest.json").write_text(json.dumps({"version": "0.21.0", "stacks": stacks}))


def test_a_stack_comes_after_those_that_it_depends_on(tmp_path: Path) -> None:
    write(tmp_path, {"audit": ["services", "network"], "data": ["network"], "network": [], "services": ["data"]})
    stacks = stacks_in_order(tmp_path)
    assert [stack.name for stack in stacks] == ["network", "data", "services", "audit"]
    assert stacks[-1].dependencies == ["network", "services"]
    assert stacks[-1].folder == tmp_path / "stacks" / "audit"


def test_without_a_manifest_nothing_was_synthesized(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        stacks_in_order(tmp_path)
