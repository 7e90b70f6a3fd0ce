"""Changes that can't be undone by changing the settings back."""

import re
from collections.abc import Iterator, Sequence

from ops.review.differences import Difference
from ops.review.plan_format import Change
from ops.review.text import code

VERSIONS = {
    "aws_db_instance": "no way back, and downtime while it is upgraded: take a snapshot first",
    "aws_rds_cluster": "no way back, and downtime while it is upgraded: take a snapshot first",
    "aws_elasticache_replication_group": "no way back: an older version replaces the group",
}
SIZES = {"aws_db_instance": "allocated_storage", "aws_ebs_volume": "size"}


def irreversible(change: Change, changed: Sequence[Difference]) -> Iterator[str]:
    """A line for each new version and larger disk that AWS does not take back.

    Args:
        change: the change.
        changed: the arguments that it changes.
    """
    if change.kind != "change":
        return
    by_name = {difference.argument: difference for difference in changed}
    address = code(change.address)
    for argument in ("engine", "engine_version"):
        difference = by_name.get(argument)
        if difference and change.type in VERSIONS and (argument == "engine" or _is_newer(change.type, difference)):
            yield f"- {address}: {difference}: {VERSIONS[change.type]}"
    size = by_name.get(SIZES.get(change.type, ""))
    if size and size.values:
        yield f"- {address}: {size}: a disk can't be made smaller"


def _is_newer(type_: str, difference: Difference) -> bool:
    """Whether the step can't be taken back: a major version of PostgreSQL, any version of Redis."""
    before, after = (re.findall("[0-9]+", str(value)) for value in (difference.before, difference.after))
    majors = 1 if type_ in ("aws_db_instance", "aws_rds_cluster") else 2
    return before[:majors] != after[:majors]
