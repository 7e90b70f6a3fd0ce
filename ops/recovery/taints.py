"""Resources that a deploy was interrupted at: the state says that the next deploy replaces them.

To replace one that holds data loses it, or fails for ever because AWS protects it. If AWS has it, it can be kept.
"""

from collections.abc import Iterator

from ops.environment import Environment
from ops.existing import state_import_id
from ops.recovery.findings import Finding, Kind, Step
from ops.recovery.lookups import look_up
from ops.recovery.readiness import STATUSES, status, wait_until_ready
from ops.recovery.stack_copy import Json, StackCopy
from ops.review.references import HOLDS_DATA

KEPT = HOLDS_DATA | {"aws_lb"}
"""Types that hold data, or that AWS may protect against deletion. Others are replaced, and nothing is lost."""


def untaint(environment: Environment, stack: StackCopy, *, wait: bool) -> Iterator[Finding]:
    """Untaints, in the copy of the state, what can be kept.

    Args:
        environment: the environment.
        stack: the copy of the stack.
        wait: whether to wait until what is still being made is ready.
    """
    for address, instance in list(stack.instances()):
        if instance.get("status") == "tainted":
            finding = _finding(environment, stack.name, address, instance["attributes"])
            if finding.step is Step.UNTAINT:
                type_, (id_,) = address.partition(".")[0], finding.ids
                if wait and type_ in STATUSES:
                    wait_until_ready(environment, type_, id_)
                stack.untaint(address)
            yield finding


def _finding(environment: Environment, stack: str, address: str, attributes: Json) -> Finding:
    type_ = address.partition(".")[0]
    if type_ not in KEPT:
        return Finding(stack, address, Kind.TAINTED, Step.DEPLOY, "the next deploy replaces it, and loses nothing")
    id_ = state_import_id(environment.settings, type_, attributes)
    if type_ in STATUSES:
        now = status(environment, type_, id_)
        if now in STATUSES[type_].coming:
            return Finding(
                stack, address, Kind.TAINTED, Step.UNTAINT, f"wait for it, which is {now}, and untaint it", [id_]
            )
        if now and now not in STATUSES[type_].ready:
            return Finding(stack, address, Kind.TAINTED, Step.BY_HAND, f"it is {now}: see the AWS console", [id_])
        exists = bool(now)
    else:
        answer = look_up(environment, {address: attributes}).get(address)
        exists = answer is not None and id_ in answer.ids
    if exists:
        return Finding(stack, address, Kind.TAINTED, Step.UNTAINT, "untaint it: AWS has it", [id_])
    return Finding(stack, address, Kind.TAINTED, Step.DEPLOY, "AWS does not have it: the next deploy makes it")
