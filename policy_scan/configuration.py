"""The stacks of an environment as one configuration."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from settings.load import OVERRIDE_PREFIX
from synth.manifest import stacks_in_order

REMOTE_VALUE = re.compile(r"data\.terraform_remote_state\.[\w-]+\.outputs\.([\w-]+)")

Json = dict[str, Any]


class Finding(NamedTuple):
    """A check that a resource fails. ``path`` is the resource's path in the app."""

    path: str
    check_id: str


def synthesized(environment: str, overrides: Mapping[str, str] = {}) -> list[Json]:
    """The stacks of an environment, from its file and ``overrides`` alone."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(OVERRIDE_PREFIX)}
    with TemporaryDirectory(prefix="policy-scan-") as folder:
        chosen = {"LANGFUSE_ENV": environment, "CDKTF_OUTDIR": folder}
        subprocess.run([sys.executable, "main.py"], env={**variables, **overrides, **chosen}, check=True)
        return [json.loads((stack.folder / "cdk.tf.json").read_text()) for stack in stacks_in_order(Path(folder))]


def merged(stacks: list[Json]) -> Json:
    """The resources and data sources of all stacks, with direct references instead of remote states."""
    outputs = {name: output["value"] for stack in stacks for name, output in stack.get("output", {}).items()}

    def direct(reference: re.Match[str]) -> str:
        value: str = outputs[reference[1]]
        return value.removeprefix("${").removesuffix("}")

    configuration: Json = {"resource": {}, "data": {}}
    for stack in stacks:
        for kind, types in configuration.items():
            for type_, resources in json.loads(REMOTE_VALUE.sub(direct, json.dumps(stack.get(kind, {})))).items():
                if type_ != "terraform_remote_state":
                    types.setdefault(type_, {}).update(resources)
    # checkov reads containers that are a list, as in a plan, and not those that are a string.
    for tasks in configuration["resource"]["aws_ecs_task_definition"].values():
        tasks["container_definitions"] = json.loads(tasks["container_definitions"])
    return configuration


def comments(configuration: Json) -> dict[str, Json]:
    """What is under ``//`` of each resource, by its name in Terraform."""
    return {
        name: resource["//"]
        for types in configuration.values()
        for resources in types.values()
        for name, resource in resources.items()
    }


def acceptances(configuration: Json) -> set[Finding]:
    """The findings that the modules accept."""
    return {
        Finding(comment["metadata"]["path"], check_id)
        for comment in comments(configuration).values()
        for check_id in comment.get("checkov", {})
    }
