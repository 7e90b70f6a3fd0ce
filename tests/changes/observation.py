"""What a change of a setting does to a deployed environment, as Terraform plans it."""

import copy
import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local.deployment import Deployment
from ops.apply import ADMINISTRATORS_STACK
from ops.review.interruptions import ROTATIONS
from ops.review.losses import FOUNDATIONS
from ops.review.references import HOLDS_DATA
from settings import SettingsError
from settings.changes import Effect
from setup import LOCK_FILE
from setup.terraform import BIN
from synth.manifest import stacks_in_order
from tests.changes.values import Values, variables
from tests.synthesis import app

Json = dict[str, Any]
Stacks = Mapping[str, Json]
"""The JSON of stacks, by name."""

REPLACED_UNNOTICED = {
    # Nothing that runs or holds data depends on the old one.
    "aws_cloudwatch_metric_alarm",
    "aws_db_parameter_group",
    "aws_elasticache_parameter_group",
    "aws_secretsmanager_secret_version",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
    "terraform_data",
}
TASK_DEFINITION = "aws_ecs_task_definition"
UNCHANGED = {"noop", "read"}
GONE = {"replace", "delete"}
REMOTE_STATE = "cross-stack-reference-input-"
STATE = "terraform.tfstate"
CHANGES_PER_PLAN = 12


@dataclass(frozen=True)
class Observation:
    """What was observed.

    Args:
        effect: what the change does.
        reasons: the planned changes that it follows from, or what refuses.
    """

    effect: Effect
    reasons: Sequence[str]


@dataclass(frozen=True)
class Planned:
    """A change of a resource that Terraform plans."""

    action: str
    type: str
    address: str

    @property
    def loses_data(self) -> bool:
        """Whether `ops plan` refuses it."""
        rotates = self.type == "aws_secretsmanager_secret_version" and self.action == "replace"
        return (
            self.type in HOLDS_DATA | FOUNDATIONS
            and self.action in GONE
            and not (rotates and any(re.search(secret, self.address) for secret in ROTATIONS))
        )


class TerraformError(Exception):
    """Terraform fails. The message is one line."""


class DeployedStacks:
    """A copy of the stacks and of their states, as they are when it is made. Deploys that follow do not change it."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._folder = deployment.folder / "deployed"
        self._environment = deployment.variables["LANGFUSE_ENV"]
        self._stacks = {name: stack.json for name, stack in app(self._environment, deployment.variables).items()}
        self._states: dict[str, Json] = {}
        for stack in stacks_in_order(deployment.folder):
            state = self._terraform(stack.folder, "state", "pull")
            self._states[stack.name] = json.loads(state)
            (self._folder / stack.name).mkdir(parents=True)
            (self._folder / stack.name / STATE).write_text(state)

    def observe(self, changes: Mapping[str, Values]) -> dict[str, Observation]:
        """Observes what changes do, by setting. Nothing is changed."""
        observed: dict[str, Observation] = {}
        by_provider: dict[str, dict[str, Stacks]] = defaultdict(dict)
        for setting, values in changes.items():
            try:
                changed = self._changed_by(values)
                if not setting.startswith("access."):
                    # An administrator deploys it first: what the change does to the environment is told.
                    changed = {name: stack for name, stack in changed.items() if name != ADMINISTRATORS_STACK}
                self._check_backend(changed)
            except (SettingsError, TerraformError) as error:
                observed[setting] = Observation("refused", [str(error)])
            else:
                by_provider[json.dumps([stack["provider"] for stack in changed.values()][:1])][setting] = changed
        for alike in by_provider.values():
            for start in range(0, len(alike), CHANGES_PER_PLAN):
                observed |= self._plan(dict(list(alike.items())[start : start + CHANGES_PER_PLAN]))
        return observed

    def _changed_by(self, values: Values) -> Stacks:
        """Synthesizes the environment with other values. Returns the stacks whose JSON differs.

        Raises:
            SettingsError: if the settings refuse the values.
        """
        stacks = app(self._environment, {**self._deployment.variables, **variables(values)})
        return {name: stack.json for name, stack in stacks.items() if stack.json != self._stacks[name]}

    def _check_backend(self, changed: Stacks) -> None:
        """Initializes a stack whose state is elsewhere now, in an empty folder as `ops plan` does.

        Raises:
            TerraformError: if Terraform refuses.
        """
        for name, stack in changed.items():
            if stack["terraform"]["backend"] != self._stacks[name]["terraform"]["backend"]:
                with self._temporary_folder() as folder:
                    _write(folder, stack)
                    self._terraform(folder, "init", "-json", "-input=false")
                return

    def _plan(self, changes: Mapping[str, Stacks]) -> dict[str, Observation]:
        """Plans several changes of settings at once, against the copied states.

        Each stack of each change becomes a module with a state of its own, since Terraform and its provider take longer
        to start than to plan. The provider's configuration is that of the first.
        """
        modules = {
            f"{setting.replace('.', '-')}-{name}": (setting, name)
            for setting, changed in changes.items()
            for name in changed
        }
        planned: dict[str, list[Planned]] = {setting: [] for setting in changes}
        if modules:
            try:
                for module, change in self._planned_in_modules(changes, modules):
                    planned[modules[module][0]].append(change)
            except TerraformError as error:
                if len(changes) == 1:
                    return dict.fromkeys(changes, Observation("refused", [str(error)]))
                return {setting: self._plan({setting: changed})[setting] for setting, changed in changes.items()}
        return {setting: _observation(planned[setting]) for setting in changes}

    def _planned_in_modules(
        self, changes: Mapping[str, Stacks], modules: Mapping[str, tuple[str, str]]
    ) -> Iterator[tuple[str, Planned]]:
        """Yields each planned change, after the name of its module."""
        root: Json = {"module": {module: {"source": f"./{module}"} for module in modules}}
        state = {**self._states["network"], "outputs": {}, "resources": []}
        with self._temporary_folder() as folder:
            for module, (setting, name) in modules.items():
                stack = self._as_module(name, changes[setting])
                root["provider"] = stack.pop("provider")
                _write(folder / module, stack)
                state["resources"] += [_in_module(module, resource) for resource in self._states[name]["resources"]]
            _write(folder, root)
            (folder / STATE).write_text(json.dumps(state))
            self._terraform(folder, "init", "-json", "-input=false")
            plan = self._terraform(folder, "plan", "-json", "-input=false", "-refresh=false", "-lock=false")
        for message in map(json.loads, plan.splitlines()):
            if message["type"] == "planned_change" and message["change"]["action"] not in UNCHANGED:
                change, resource = message["change"], message["change"]["resource"]
                planned = Planned(change["action"], resource["resource_type"], resource["resource"])
                yield resource["module"].removeprefix("module."), planned

    def _as_module(self, name: str, changed: Stacks) -> Json:
        """The stack's JSON as a module, which reads the copied states of other stacks.

        Outputs of other stacks that exist only after those are applied get a made-up value, so that it can be planned.
        https://developer.hashicorp.com/terraform/language/backend/remote-state#defaults
        """
        stack = copy.deepcopy(changed[name])
        del stack["terraform"]["backend"]
        for id_, remote_state in stack.get("data", {}).get("terraform_remote_state", {}).items():
            producer = id_.removeprefix(REMOTE_STATE)
            outputs = changed.get(producer, self._stacks[producer])["output"]
            new = sorted(outputs.keys() - self._stacks[producer]["output"].keys())
            remote_state["backend"] = "local"
            remote_state["config"] = {"path": str(self._folder / producer / STATE)}
            remote_state["defaults"] = {output: output for output in new}
        return stack

    @contextmanager
    def _temporary_folder(self) -> Iterator[Path]:
        with TemporaryDirectory(dir=self._folder) as folder:
            shutil.copy(LOCK_FILE, folder)
            yield Path(folder)

    def _terraform(self, folder: Path, *arguments: str) -> str:
        """Runs Terraform and returns its output.

        With ``-json``, that is one message a line:
        https://developer.hashicorp.com/terraform/internals/machine-readable-ui

        Raises:
            TerraformError: if it fails.
        """
        ran = subprocess.run(
            [BIN / "terraform", *arguments],
            cwd=folder,
            env=self._deployment.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            messages = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
            errors = [message["diagnostic"] for message in messages if message["@level"] == "error"]
            error = errors[0] if errors else {"summary": f"terraform {arguments[0]}", "detail": ran.stderr}
            raise TerraformError(" ".join(f"{error['summary']}: {error['detail']}".split()))
        return ran.stdout


def _observation(planned: Sequence[Planned]) -> Observation:
    return Observation(_effect(planned), [f"{change.action} {change.address}" for change in planned])


def _effect(planned: Sequence[Planned]) -> Effect:
    """The effect of planned changes. It is "in place" also where AWS restarts something, which no plan tells."""
    if not planned:
        return "nothing"
    if any(change.loses_data for change in planned):
        return "refused"
    gone = {change.type for change in planned if change.action in GONE}
    if gone - REPLACED_UNNOTICED - {TASK_DEFINITION}:
        return "replaces"
    return "restarts" if TASK_DEFINITION in gone else "in place"


def _write(folder: Path, module: Json) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "cdk.tf.json").write_text(json.dumps(module))


def _in_module(module: str, resource: Json) -> Json:
    """A resource of a state, moved to a module."""
    instances = [
        {**instance, "dependencies": [f"module.{module}.{address}" for address in instance.get("dependencies", [])]}
        for instance in resource["instances"]
    ]
    return {**resource, "module": f"module.{module}", "instances": instances}
