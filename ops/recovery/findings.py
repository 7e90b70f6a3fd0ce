"""What ``ops recover`` finds, and what is to be done about it."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What is wrong with a resource."""

    MISSING = "in AWS, not in the state"
    DOUBLED = "doubled"
    TAINTED = "tainted"
    NOT_CHECKED = "not checked"


class Step(StrEnum):
    """Who settles it: ``--apply``, the next deploy, or somebody by hand. ``WAIT``: the others come first."""

    IMPORT = "import"
    UNTAINT = "untaint"
    DEPLOY = "deploy"
    BY_HAND = "by hand"
    WAIT = "wait"


class Finding(NamedTuple):
    """A finding about a resource. ``ids`` are those in AWS; ``remedy`` is what to do, or what is done."""

    stack: str
    address: str
    kind: Kind
    step: Step
    remedy: str
    ids: list[str] = []
