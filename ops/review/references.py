"""Which data depends on which resource of another stack, from the references in the stacks' configurations.

CDKTF makes each value that another stack reads an output, and the other stack reads it from the remote state.
"""

import json
import re
from collections.abc import Mapping, Sequence

from ops.review.plan_format import Configuration
from ops.review.terraform_plan import StackPlan
from settings.sections.service_size import SERVICES

HOLDS_DATA = {
    "aws_backup_vault",
    "aws_db_instance",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_kms_key",
    "aws_rds_cluster",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_secretsmanager_secret_version",
}
FIRST = re.compile(
    r"aws_secretsmanager_secret(_version)?\.first_(user-password|project-(public|secret)-key)_(secret|version)_[0-9A-F]{8}"
)
"""The secrets of the settings' section first. They hold nothing that is lost: Langfuse has stored them when it created
the first user and the first project, and keeps both without the secrets."""
_SPLIT = "|".join(service.id for service in SERVICES.values() if service.is_split)
SPLIT_SERVICE = re.compile(rf"aws_\w+\.({_SPLIT})(-rules|-scaling|-alarms)?_[\w-]+")
"""What is of a service that the settings may leave out. web or worker does its work when it is gone."""
CROSS_STACK_OUTPUT = "cross-stack-output-"
"""How the names of the outputs start that CDKTF adds for references between stacks."""
SECRETS = {"aws_secretsmanager_secret", "aws_secretsmanager_secret_version"}
"""They hold data, and depend on nothing: a value that refers to something else gets another one."""
ADDRESS = re.compile(r"(?<![\w.])((?:data\.)?aws_[a-z0-9_]+\.[A-Za-z0-9_-]+)")
REMOTE_OUTPUT = re.compile(r"\bdata\.terraform_remote_state\.[A-Za-z0-9_-]+\.outputs(?:\.|\[\\*\")([A-Za-z0-9_-]+)")


class Foundations:
    """What data depends on, for the stacks of these plans."""

    def __init__(self, plans: Sequence[StackPlan]) -> None:
        self._plans = {plan.stack: plan for plan in plans}
        self._waiting = [plan.stack for plan in plans if plan.plan is None]
        self._outputs = {plan.stack: _outputs(plan.known_configuration) for plan in plans}
        self._data_by_output = {plan.stack: _data_by_output(plan.known_configuration) for plan in plans}

    def data_on(self, stack: str, address: str) -> list[tuple[str, str]]:
        """The data in other stacks that depends on a resource of a stack, as pairs of the stack and the address.

        The address is empty if a stack waits for this one, and nothing is known of what it reads.
        """
        outputs = self._outputs_of(stack, address.partition("[")[0])
        found: list[tuple[str, str]] = []
        for reader in self._plans.values():
            if reader.configuration is None and outputs and stack in reader.waits_for:
                found.append((reader.stack, ""))
            elif reader.stack != stack:
                by_output = self._data_by_output[reader.stack]
                data = set[str]().union(*(by_output.get(output, ()) for output in outputs))
                found += [(reader.stack, address) for address in sorted(data)]
        return found

    def _outputs_of(self, stack: str, address: str) -> set[str]:
        """The outputs that depend on the resource. CDKTF names those for other stacks by the resource too."""
        plan = self._plans[stack].plan
        prefix = CROSS_STACK_OUTPUT + address.replace(".", "", 1)
        named = {name for name in (plan.output_changes if plan else ()) if name.startswith(prefix)}
        return self._outputs[stack].get(address, set()) | named

    def changed_under_waiting_data(self) -> set[str]:
        """The outputs that get another value, and that data of a stack which is not planned yet reads."""
        read = {output for stack in self._waiting for output in self._data_by_output[stack]}
        return read & self._outputs_that("update")

    def deleted_under_waiting_stacks(self) -> set[str]:
        """The outputs that go while a stack is not planned yet, which no longer reads them."""
        return self._outputs_that("delete") if self._waiting else set()

    def _outputs_that(self, action: str) -> set[str]:
        plans = [plan.plan for plan in self._plans.values() if plan.plan]
        return {name for plan in plans for name, change in plan.output_changes.items() if change.actions == [action]}

    def unread(self) -> list[str]:
        """The stacks with outputs for others that none of these stacks reads: those that do are not reviewed."""
        read = set[str]().union(*(_reads(plan.known_configuration) for plan in self._plans.values()))
        return [stack for stack, by_address in self._outputs.items() if _for_others(by_address) - read]


def _for_others(outputs_by_address: Mapping[str, set[str]]) -> set[str]:
    """The outputs that CDKTF adds for other stacks."""
    return {name for names in outputs_by_address.values() for name in names if name.startswith(CROSS_STACK_OUTPUT)}


def _reads(configuration: Configuration) -> set[str]:
    """The names of all outputs of other stacks that a stack reads."""
    texts = [
        *_expressions(configuration).values(),
        *(json.dumps(output.expression) for output in configuration.root_module.outputs.values()),
    ]
    return {name for text in texts for name in REMOTE_OUTPUT.findall(text)}


def _outputs(configuration: Configuration) -> dict[str, set[str]]:
    """The names of the outputs that depend on a resource, by the resource's address."""
    expressions = _expressions(configuration)
    found: dict[str, set[str]] = {}
    for name, output in configuration.root_module.outputs.items():
        for address in _reachable(json.dumps(output.expression), expressions):
            found.setdefault(address, set()).add(name)
    return found


def _data_by_output(configuration: Configuration) -> dict[str, set[str]]:
    """The addresses of resources that hold data, by each output of other stacks that they depend on."""
    expressions = _expressions(configuration)
    found: dict[str, set[str]] = {}
    for resource in configuration.root_module.resources:
        if resource.type in HOLDS_DATA - SECRETS and resource.mode == "managed":
            own = expressions[resource.address]
            for text in (own, *(expressions.get(address, "") for address in _reachable(own, expressions))):
                for output in REMOTE_OUTPUT.findall(text):
                    found.setdefault(output, set()).add(resource.address)
    return found


def _expressions(configuration: Configuration) -> dict[str, str]:
    """The expressions of each resource and data source, as one text, by its address."""
    return {resource.address: json.dumps(resource.expressions) for resource in configuration.root_module.resources}


def _reachable(text: str, expressions: Mapping[str, str]) -> set[str]:
    """The addresses that a text refers to, and all that those depend on."""
    seen: set[str] = set()
    waiting = ADDRESS.findall(text)
    while waiting:
        address = waiting.pop()
        if address not in seen:
            seen.add(address)
            waiting += ADDRESS.findall(expressions.get(address, ""))
    return seen
