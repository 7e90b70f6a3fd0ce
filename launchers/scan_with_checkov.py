"""The policy scan of ``make lint``: checkov over what every environment synthesizes.

checkov 3.3 fails on Terraform's newer blocks, sees each stack alone, and knows no exceptions in JSON. So the stacks are
put together into one configuration first, as the account will see them, and what the modules accept
(``modules/accepted_findings.py``) is taken off the findings afterwards. A plan, which needs an account, would show it
nothing more.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Set
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from settings.load import OVERRIDE_PREFIX, known_environments

# It pins libraries that the project needs newer: it lives in a virtual environment of its own.
CHECKOV = Path(sys.prefix, "checkov", "bin", "checkov")
REMOTE_VALUE = re.compile(r"data\.terraform_remote_state\.[\w-]+\.outputs\.([\w-]+)")

Json = dict[str, Any]


class Finding(NamedTuple):
    """A resource, by its path in the app, and a check that it fails."""

    path: str
    check_id: str


def main() -> None:
    """Scans every environment; prints what is wrong, or how much is accepted, and exits 1 if anything is wrong."""
    found: dict[Finding, str] = {}
    accepted: set[Finding] = set()
    for environment in known_environments():
        configuration = together(synthesized(environment))
        found |= findings(configuration)
        accepted |= acceptances(configuration)
    wrong = verdict(found, accepted)
    print("\n".join(wrong) or f"checkov: nothing but the {len(accepted)} findings that the modules accept")
    sys.exit(1 if wrong else 0)


def verdict(found: Mapping[Finding, str], accepted: Set[Finding]) -> list[str]:
    """A line for each finding that nobody accepts, and for each acceptance without a finding."""
    return [
        *(f"{finding.path}: {finding.check_id} {found[finding]}" for finding in sorted(found.keys() - accepted)),
        *(
            f"{finding.path}: {finding.check_id} is accepted, though no environment fails it"
            for finding in sorted(accepted - found.keys())
        ),
    ]


def synthesized(environment: str) -> list[Json]:
    """The stacks of an environment, as its file alone describes it."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(OVERRIDE_PREFIX)}
    with TemporaryDirectory(prefix="policy-scan-") as folder:
        chosen = {"LANGFUSE_ENV": environment, "CDKTF_OUTDIR": folder}
        subprocess.run([sys.executable, "main.py"], env=variables | chosen, check=True)
        return [json.loads(file.read_text()) for file in sorted(Path(folder, "stacks").glob("*/cdk.tf.json"))]


def together(stacks: list[Json]) -> Json:
    """The stacks' resources and data sources as one configuration, without the remote state between them."""
    outputs = {name: output["value"] for stack in stacks for name, output in stack.get("output", {}).items()}

    def direct(reference: re.Match[str]) -> str:
        value: str = outputs[reference[1]]
        return value.removeprefix("${").removesuffix("}")

    merged: Json = {"resource": {}, "data": {}}
    for stack in stacks:
        for kind, types in merged.items():
            for type_, resources in json.loads(REMOTE_VALUE.sub(direct, json.dumps(stack.get(kind, {})))).items():
                if type_ != "terraform_remote_state":
                    types.setdefault(type_, {}).update(resources)
    # checkov looks at containers in a plan only, where they are a string no longer.
    for tasks in merged["resource"]["aws_ecs_task_definition"].values():
        tasks["container_definitions"] = json.loads(tasks["container_definitions"])
    return merged


def comments(configuration: Json) -> dict[str, Json]:
    """What stands under ``//`` of each resource, by its name in Terraform."""
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


def findings(configuration: Json) -> dict[Finding, str]:
    """What checkov finds, with each check's description."""
    with TemporaryDirectory(prefix="policy-scan-") as folder:
        Path(folder, "together.tf.json").write_text(json.dumps(configuration))
        options = ["--framework", "terraform_json", "--output", "json", "--compact", "--quiet", "--soft-fail"]
        scan = [str(CHECKOV), "--directory", folder, *options, "--skip-download"]
        ran = subprocess.run(scan, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"checkov failed:\n{ran.stderr}")
    report = json.loads(ran.stdout)
    if report["summary"]["parsing_errors"]:
        sys.exit(f"checkov can't read the configuration:\n{ran.stderr}")
    paths = {name: comment["metadata"]["path"] for name, comment in comments(configuration).items()}
    return {
        Finding(paths[failed["resource"].rpartition(".")[2]], failed["check_id"]): failed["check_name"]
        for failed in report["results"]["failed_checks"]
    }


if __name__ == "__main__":
    main()
