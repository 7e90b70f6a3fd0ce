"""The architecture with what a plan does to it: what is added, changed, replaced and destroyed."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from diagram.architecture import ADDED, CHANGED, DESTROYED, LATER, REPLACED, Architecture, Part
from diagram.connections import Connections
from diagram.environment import architecture
from diagram.graph import Graph, Json, Resource
from diagram.resource_types import BOXES

GONE = ("destroy", "forget")
ALSO_MAIN = ("aws_ebs_volume",)
"""What has no box of its own, but makes that of another as red as if it had been replaced itself: it holds its data."""
OF_EC2 = re.compile(r"[a-z]+-[0-9a-f]{8,}")
"""An id of EC2's, such as a security group's. Other services' ids are names, which mean other things as well."""


class PlannedChange(NamedTuple):
    """What a plan says of a resource.

    Args:
        stack: the stack's id.
        address: its address there.
        type: its type.
        kind: ``add``, ``change``, ``replace``, ``destroy``, ``forget`` or ``none``.
        before: its values in AWS, none if it is added.
    """

    stack: str
    address: str
    type: str
    kind: str
    before: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What names it among all stacks."""
        return f"{self.stack}/{self.address}"


def planned(stacks: Mapping[str, Json], changes: Sequence[PlannedChange], waiting: Collection[str]) -> Architecture:
    """The architecture of the stacks, with what goes away, and with a state for each part and edge that changes.

    Args:
        stacks: the JSON of each stack, by its id.
        changes: what the plans say of each resource, also of those that stay as they are.
        waiting: the stacks that can be planned only once others are applied.
    """
    kinds = {change.key: change.kind for change in changes}
    graph = Graph(stacks, _gone(changes))
    drawn = architecture(graph)
    before = Connections(graph.without({key for key, kind in kinds.items() if kind == "add"}), drawn.parts).all()
    after = Connections(graph.without({key for key, kind in kinds.items() if kind in GONE}), drawn.parts).all()
    edges = []
    for edge in dict.fromkeys([*drawn.edges, *before, *after]):
        was, will_be = edge in before, edge in after
        # What goes away and what comes may make an edge together, which never is.
        if was or will_be:
            edges.append(edge._replace(state="" if was and will_be else ADDED if will_be else DESTROYED))
    return drawn._replace(
        title=f"{drawn.title}: what the plan changes",
        places=tuple(place._replace(state=_combined(kinds, place.resources)) for place in drawn.places),
        parts=tuple(part._replace(state=_state(part, kinds, waiting)) for part in drawn.parts),
        edges=tuple(edges),
        planned=True,
    )


def _state(part: Part, kinds: Mapping[str, str], waiting: Collection[str]) -> str:
    main = [key for key in part.resources if key.partition("/")[2].partition(".")[0] in (*BOXES, *ALSO_MAIN)]
    if main and all(key.partition("/")[0] in waiting for key in main):
        return LATER
    return _combined(kinds, main) or (CHANGED if _combined(kinds, part.resources) else "")


def _combined(kinds: Mapping[str, str], keys: Iterable[str]) -> str:
    """The state of what shows several resources."""
    done = {kinds.get(key, "none") for key in keys}
    if done == {"add"}:
        return ADDED
    if done and done <= set(GONE):
        return DESTROYED
    if "replace" in done:
        return REPLACED
    return CHANGED if done - {"none"} else ""


def _gone(changes: Iterable[PlannedChange]) -> list[Resource]:
    """What goes away, with references instead of the ids that its values have in a plan."""
    known = {
        str(change.before[attribute]): f"${{@{change.key}}}"
        for change in changes
        for attribute in ("id", "arn")
        if change.before.get(attribute) and (attribute == "arn" or OF_EC2.fullmatch(str(change.before["id"])))
    }
    ids = re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True))) or "(?!)")

    def referring(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            return {name: referring(each) for name, each in value.items()}
        if isinstance(value, list):
            return [referring(each) for each in value]
        return ids.sub(lambda found: known[found[0]], value) if isinstance(value, str) else value

    return [
        Resource(
            change.stack,
            change.address,
            change.type,
            {
                name: value if name in ("id", "arn") else referring(value)
                for name, value in change.before.items()
                if value not in (None, "", [])
            },
        )
        for change in changes
        if change.kind in GONE
    ]
