"""Compares what the frameworks of docs/successors.md synthesize from the same source."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from synth.framework import DEFAULT, OTHERS, VARIABLE
from synth.manifest import stacks_in_order
from tests.environments import EC2, EDGE, ENVIRONMENTS, EXTERNAL, MAIL, OWN_KEY, RUNNING, SPLIT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("frameworks")]

PROJECT = Path(__file__).parents[2]
DIFFERENCES = tomllib.loads(Path(__file__).with_name("framework_differences.toml").read_text())["difference"]
PLAIN: Mapping[str, str] = {}
Difference = tuple[tuple[str, ...], Any, Any]
"""The path of a value, the value of CDKTF and the value of another framework; None is one that is missing."""
SHAPES: Mapping[str, Mapping[str, str]] = {
    **{
        f"{environment}, {mode} ClickHouse, {services}": {"LANGFUSE_ENV": environment, **clickhouse, **split}
        for environment, (mode, clickhouse), (services, split) in product(
            ENVIRONMENTS, (("EC2", EC2), ("external", EXTERNAL)), (("plain", PLAIN), ("split", SPLIT))
        )
    },
    "prod, what is optional": {"LANGFUSE_ENV": "prod", **EDGE, **MAIL, **OWN_KEY},
}


def synthesized(framework: str, shape: Mapping[str, str], outdir: Path) -> dict[str, Any]:
    """Returns the JSON of all stacks, by their names."""
    subprocess.run(
        [sys.executable, "main.py"],
        cwd=PROJECT,
        env={**os.environ, **RUNNING, **shape, VARIABLE: framework, "CDKTF_OUTDIR": str(outdir)},
        check=True,
    )
    return {stack.name: json.loads((stack.folder / "cdk.tf.json").read_text()) for stack in stacks_in_order(outdir)}


def differences(one: object, other: object, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences(one.get(key), other.get(key), (*path, key))
    elif one != other:
        yield path, one, other


@pytest.mark.parametrize("framework", OTHERS)
def test_each_runs_with_the_packages_of_its_own_environment(framework: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-v", "main.py"],
        cwd=PROJECT,
        env={**os.environ, "LANGFUSE_ENV": "dev", VARIABLE: framework, "CDKTF_OUTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    files = re.findall(r"/(.venv/\S+)/site-packages/cdkt\w+/", ran.stderr)
    assert {file.partition("/lib/")[0] for file in files} == {f".venv/{framework}"}


def test_a_module_of_cdktn_is_the_same_by_both_names() -> None:
    code = """
import lazy_bindings, cdktf, cdktn, sys, cdktf_cdktf_provider_aws.vpc, cdktn_provider_aws.vpc
print(cdktf is cdktn, sys.modules["cdktf_cdktf_provider_aws.vpc"] is sys.modules["cdktn_provider_aws.vpc"])
"""
    python = PROJECT / ".venv" / "cdktn" / "bin" / "python"
    ran = subprocess.run([str(python), "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("True True\n", "")


@pytest.mark.parametrize("shape", SHAPES)
def test_addresses_and_arguments_are_equal_but_for_the_differences_listed(shape: str, tmp_path: Path) -> None:
    usual = synthesized(DEFAULT, SHAPES[shape], tmp_path / DEFAULT)
    for framework in OTHERS:
        other = synthesized(framework, SHAPES[shape], tmp_path / framework)
        listed = [
            ((stack, *difference["path"].split(".")), difference["cdktf"], difference["other"])
            for stack in usual
            for difference in DIFFERENCES
            if difference["framework"] == framework
        ]
        assert sorted(differences(usual, other)) == sorted(listed)
