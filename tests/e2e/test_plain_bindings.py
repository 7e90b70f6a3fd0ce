"""The lazy bindings change no byte of what is synthesized. (Here because plain imports take 20 seconds.)"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synthesis import ENVIRONMENTS, STACKS

PROJECT = Path(__file__).parents[2]


@pytest.mark.e2e
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_lazy_and_plain_bindings_give_the_same_json(environment: str, tmp_path: Path) -> None:
    for plain in ("0", "1"):
        subprocess.run(
            [sys.executable, "main.py"],
            cwd=PROJECT,
            env={
                **os.environ,
                "LANGFUSE_ENV": environment,
                "LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "true",
                "PLAIN_BINDINGS": plain,
                "CDKTF_OUTDIR": str(tmp_path / plain),
            },
            check=True,
        )
    for stack in STACKS:
        lazy, plain_json = (tmp_path / plain / "stacks" / stack / "cdk.tf.json" for plain in ("0", "1"))
        assert lazy.read_bytes() == plain_json.read_bytes()
