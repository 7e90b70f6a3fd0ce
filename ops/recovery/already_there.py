"""Refuses a plan that would create what AWS has already: it would fail half-way, or make it twice.

A lost state looks like a first deploy to Terraform: everything is to be added.
"""

from collections.abc import Mapping
from typing import Any

from modules.identity import IDENTITIES
from ops.environment import Environment, OpsError
from ops.existing import state_import_id
from ops.recovery.lookups import creations, look_up

SET_NOT_MADE = (
    "aws_appautoscaling_",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_log_metric_filter",
    "aws_cloudwatch_metric_alarm",
    "aws_default_security_group",
    "aws_ecs_task_definition",
    "aws_iam_role_policy",
    "aws_s3_bucket_",
    "aws_sns_topic",
)
"""How the types start that AWS sets under their name, whether it has them or not. A bucket is made with most of its
settings."""
SHOWN = 3


def refuse_what_is_there(environment: Environment, stack: str, plan: Mapping[str, Any]) -> None:
    """Looks for what a stack's plan creates. What AWS does not tell these credentials is not checked.

    Args:
        environment: the environment.
        stack: the stack's name.
        plan: its plan, as ``terraform show -json`` writes it.

    Raises:
        OpsError: if AWS has some of it.
    """
    wanted = {address: values for address, values in creations(plan) if not address.startswith(SET_NOT_MADE)}
    known = _known(environment, plan) if wanted else set()
    there = [
        f"{address} ({answer.ids[0]})"
        for address, answer in look_up(environment, wanted).items()
        if any((address.partition(".")[0], id_) not in known for id_ in answer.ids)
    ]
    if there:
        more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
        raise OpsError(
            f"AWS already has what the plan of {stack} creates: {', '.join(there[:SHOWN])}{more}; its state is"
            " incomplete or lost: run `ops recover`"
        )


def _known(environment: Environment, plan: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The types and import IDs of what the state has, maybe under another address."""
    return {
        (change["type"], state_import_id(environment.settings, change["type"], change["change"]["before"]))
        for change in plan.get("resource_changes", [])
        if change["change"]["before"] and change["mode"] == "managed" and change["type"] in IDENTITIES
    }
