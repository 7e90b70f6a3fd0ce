"""Compares the lazy bindings with the plain ones. These are not unit tests, because plain imports are slow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from synth.manifest import stacks_in_order
from tests.environments import ENVIRONMENTS

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("local")]

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_lazy_and_plain_bindings_give_the_same_json(environment: str, tmp_path: Path) -> None:
    for folder in ("0", "1"):
        subprocess.run(
            [sys.executable, "main.py"],
            cwd=PROJECT,
            env={
                **os.environ,
                "LANGFUSE_ENV": environment,
                "LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "true",
                "PLAIN_BINDINGS": folder,
                "CDKTF_OUTDIR": str(tmp_path / folder),
            },
            check=True,
        )
    lazy, plain = (
        {stack.name: (stack.folder / "cdk.tf.json").read_bytes() for stack in stacks_in_order(tmp_path / folder)}
        for folder in ("0", "1")
    )
    assert lazy == plain


def test_cdktf_imported_too_early_still_works_with_one_warning() -> None:
    code = """
import cdktf
import lazy_bindings
from cdktf_cdktf_provider_aws.vpc import Vpc
Vpc(cdktf.TerraformStack(cdktf.App(), "stack"), "vpc")
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stderr.count("synth will be slow: cdktf was imported before lazy_bindings") == 1


def test_a_synth_leaves_jsiis_index_of_the_bindings(tmp_path: Path) -> None:
    """Without the index, each synth reads 120 MB more. By itself, jsii needs longer for it than a synth takes."""
    cache = tmp_path / "cache"
    subprocess.run(
        [sys.executable, "main.py"],
        cwd=PROJECT,
        env={
            **os.environ,
            "LANGFUSE_ENV": "dev",
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache),
            "CDKTF_OUTDIR": str(tmp_path / "out"),
        },
        check=True,
    )
    indexed = {index.relative_to(cache).parts[:2] for index in cache.rglob(".jsii.runtime-index.*")}
    assert ("@cdktf", "provider-aws") in indexed
