"""When commands are interrupted: by what Terraform is doing, which a line of its output tells, not by the clock."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Moment(NamedTuple):
    """A moment of a command.

    Args:
        stack: the stack that is being worked on.
        line: what Terraform prints then, a regular expression that matches the line's beginning.
        changes: whether Terraform is applying or destroying, and not planning or between two stacks.
    """

    stack: str
    line: str
    changes: bool = True

    def matches(self, stack: str, text: str) -> bool:
        """Whether Terraform's text, printed for a stack, tells that the moment has come."""
        return stack == self.stack and re.match(self.line, text) is not None

    def __str__(self) -> str:
        return f"{self.stack}: {self.line}"


MOMENTS: Mapping[str, Sequence[Moment]] = {
    "first-deploy": [
        Moment("network", r"aws_vpc\.\S+: Creating"),
        Moment("network", r"aws_nat_gateway\.\S+: Creating"),
        Moment("network", "Apply complete!", changes=False),
        Moment("data", r"aws_secretsmanager_secret_version\.\S+: Creating"),
        Moment("data", r"aws_db_instance\.\S+: Still creating"),
        Moment("services", r"aws_ecs_service\.\S+: Creating"),
        Moment("services", r"terraform_data\.web_rollout\S*: (?:Provisioning with|Still creating)"),
    ],
    "update": [
        Moment("network", r"aws_subnet\.\S+: Modifying"),
        Moment("data", r"aws_db_instance\.\S+: Modifying"),
        Moment("services", r"aws_ecs_service\.\S+: Modifying"),
        Moment("services", r"aws_lb_listener_rule\.\S+_paths\S+: Creating"),
    ],
    "destroy": [
        Moment("services", r"aws_ecs_service\.\S+: Destroying"),
        Moment("data", r"aws_secretsmanager_secret\.\S+: Destroying"),
        Moment("data", r"aws_db_instance\.\S+: Still destroying"),
        Moment("network", r"aws_nat_gateway\.\S+: Destroying"),
    ],
}
"""The moments of each phase."""
