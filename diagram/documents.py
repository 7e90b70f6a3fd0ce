"""What ``make diagram`` writes: the pictures and pages of the repository's environments."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from diagram.architecture import Architecture
from diagram.environment import architecture
from diagram.graph import Graph
from diagram.layout import PROJECT
from diagram.mermaid import mermaid
from diagram.page import page
from settings.load import OVERRIDE_PREFIX

ARCHITECTURE = PROJECT / "docs" / "architecture"
README = PROJECT / "README.md"
START = "<!-- Written by make diagram -->"
END = "<!-- end of make diagram -->"
IN_README = "prod"
"""The environment that the README draws."""

ENVIRONMENTS = {
    "dev": ({}, "The environment as its file has it: ClickHouse on an EC2 instance, HTTP alone."),
    "prod": (
        {
            "LANGFUSE_AWS__CLICKHOUSE__CONFIGURED": "true",
            "LANGFUSE_AWS__DOMAIN__NAME": "langfuse.example.com",
            "LANGFUSE_AWS__DOMAIN__HOSTED_ZONE_ID": "Z0123456789",
        },
        "The environment as its file has it, with a domain, and with `clickhouse.configured = true`: tasks run.",
    ),
}
"""By name: the settings that a picture of it needs, as variables, and what to say of them."""


def architectures() -> dict[str, Architecture]:
    """The architectures of the environments, newly synthesized."""
    drawn = {}
    for name, (overrides, _) in ENVIRONMENTS.items():
        with synthesized(name, overrides) as stacks:
            drawn[name] = architecture(Graph.read(stacks))
    return drawn


@contextmanager
def synthesized(environment: str, overrides: Mapping[str, str]) -> Iterator[Path]:
    """Synthesizes an environment, by its file and ``overrides`` alone, and gives the folder of its stacks."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(OVERRIDE_PREFIX)}
    with TemporaryDirectory(prefix="diagram-") as folder:
        chosen = {"LANGFUSE_ENV": environment, "CDKTF_OUTDIR": folder}
        subprocess.run([sys.executable, "main.py"], env={**variables, **overrides, **chosen}, cwd=PROJECT, check=True)
        yield Path(folder) / "stacks"


def pages(drawn: Mapping[str, Architecture]) -> dict[Path, str]:
    """The pages, by file: they need no layout."""
    described = {name: (ENVIRONMENTS[name][1], each) for name, each in drawn.items()}
    before, _, rest = README.read_text().partition(START)
    _, _, after = rest.partition(END)
    block = "\n".join(mermaid(drawn[IN_README]))
    return {
        ARCHITECTURE / "README.md": page(described),
        README: f"{before}{START}\n{block}\n{END}{after}",
    }
