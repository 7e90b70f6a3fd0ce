"""Tests of an output folder that two environments use in turn."""

import json
from pathlib import Path

import pytest

from synth.other_backend import INITIALIZED, forget_other_backends

BACKEND = {"bucket": "acme-state", "key": "langfuse/dev/data.tfstate", "region": "us-east-1"}


def _noted(outdir: Path, note: str) -> Path:
    stack = outdir / "stacks" / "data"
    (stack / INITIALIZED).parent.mkdir(parents=True)
    (stack / INITIALIZED).write_text(note)
    (stack / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"s3": BACKEND}}}))
    manifest = {"stacks": {"data": {"workingDirectory": "stacks/data", "dependencies": []}}}
    (outdir / "manifest.json").write_text(json.dumps(manifest))
    return stack / INITIALIZED


def _note(**changes: str) -> str:
    return json.dumps({"backend": {"type": "s3", "config": {**BACKEND, "profile": None, **changes}}})


@pytest.mark.parametrize(
    "note",
    [
        _note(key="langfuse/staging/data.tfstate"),
        _note(bucket="other-state"),
        json.dumps({"backend": {"type": "local", "config": {}}}),
        "{",
    ],
)
def test_terraform_forgets_another_backend(tmp_path: Path, note: str) -> None:
    noted = _noted(tmp_path, note)
    forget_other_backends(str(tmp_path))
    assert not noted.exists()


def test_terraform_keeps_the_same_backend(tmp_path: Path) -> None:
    noted = _noted(tmp_path, _note())
    forget_other_backends(str(tmp_path))
    assert noted.exists()


def test_a_folder_without_a_note_is_left_alone(tmp_path: Path) -> None:
    _noted(tmp_path, _note()).unlink()
    forget_other_backends(str(tmp_path))
